package dev.kasuari.block.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockException.Kind;
import dev.kasuari.block.ssh.SftpServer.Abilities;
import dev.kasuari.block.ssh.SftpServer.Disk;
import dev.kasuari.block.ssh.SftpServer.Fault;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A file of an SFTP server that does as it should, or not. */
@Tag("fast")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SshLinkTest {
  private static final int SIZE = 1 << 20;
  private static final Fault NONE = (server, type, id, disk) -> false;
  private static final Abilities ALL = new Abilities(true, 100_000);

  private final Disk disk = new Disk(SIZE);

  private SshLink link(Abilities abilities, Fault fault, int seconds) {
    return new SshLink(
        "there:22",
        "/disk",
        () -> {
          try {
            return SftpServer.session(disk, abilities, fault, seconds);
          } catch (IOException e) {
            throw new BlockException(Kind.IO_ERROR, String.valueOf(e.getMessage()));
          }
        });
  }

  private SshLink link(Fault fault) {
    return link(ALL, fault, 20);
  }

  private static byte[] read(SshLink link, long offset, int length) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment to = arena.allocate(length).fill((byte) 0x55);
      var _ =
          link.perform(
              "read failed",
              file -> {
                file.read(offset, to);
                return true;
              });
      return to.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private static void write(SshLink link, long offset, byte[] bytes) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment from = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      var _ =
          link.perform(
              "write failed",
              file -> {
                file.write(offset, from);
                return true;
              });
    } finally {
      link.written();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1024, 100_000, Integer.MAX_VALUE})
  void anyThreadReadsAndWrites(int most) throws Exception {
    try (SshLink link = link(new Abilities(true, most), NONE, 20);
        var threads = Executors.newFixedThreadPool(4)) {
      assertThat(link.open(true)).isEqualTo(new SftpReply.Attributes(SIZE, true));
      var all = new ArrayList<Future<?>>();
      for (int i = 0; i < 4; i++) {
        int quarter = i;
        all.add(threads.submit(() -> part(link, quarter * (SIZE / 4), new Random(quarter))));
      }
      for (Future<?> one : all) {
        one.get();
      }
      assertThat(link.flush()).isTrue();
      assertThat(link.flush()).isTrue();
      assertThat(disk.flushed).isOne(); // nothing was written in between
    }
  }

  private static void part(SshLink link, int start, Random random) {
    byte[] expected = new byte[SIZE / 4];
    for (int i = 0; i < 20; i++) {
      int at = random.nextInt(expected.length);
      byte[] bytes = new byte[1 + random.nextInt(expected.length - at)];
      random.nextBytes(bytes);
      write(link, start + at, bytes);
      System.arraycopy(bytes, 0, expected, at, bytes.length);
      int from = random.nextInt(expected.length);
      int length = 1 + random.nextInt(expected.length - from);
      assertThat(
              Arrays.equals(
                  read(link, start + from, length),
                  Arrays.copyOfRange(expected, from, from + length)))
          .isTrue();
    }
  }

  @Test
  void behindTheEndAreZeroes() {
    Arrays.fill(disk.bytes, (byte) 3);
    try (SshLink link = link(NONE)) {
      link.open(false);
      byte[] read = read(link, SIZE - 100, 612);
      assertThat(Arrays.copyOf(read, 100)).containsOnly(3);
      assertThat(Arrays.copyOfRange(read, 100, 612)).containsOnly(0);
    }
  }

  @Test
  void whatIsRefusedIsSaidAndTheRestGoesOn() {
    var wrong = new AtomicInteger(Sftp.OPEN);
    try (SshLink link =
        link((server, type, id, any) -> {
          if (type == wrong.get()) {
            server.status(id, type == Sftp.OPEN ? Sftp.STATUS_NO_FILE : 4, "No\u0007 way");
            return true;
          }
          return false;
        })) {
      assertThatThrownBy(() -> link.open(true))
          .hasMessage(
              "failed to open remote file '/disk': SFTP server: No  way (sftp error code: 2)")
          .isInstanceOfSatisfying(
              BlockException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
      wrong.set(Sftp.WRITE);
      link.open(true);
      assertThatThrownBy(() -> write(link, 0, new byte[SIZE])).hasMessageContaining("No  way");
      wrong.set(0);
      write(link, 0, new byte[] {1, 2, 3});
      assertThat(read(link, 0, 4)).containsExactly(1, 2, 3, 0);
      assertThat(disk.connections).isOne();
    }
  }

  /** A lost connection fails what is under way; the next request makes another. */
  @Test
  void lostMidway() {
    var left = new AtomicInteger(10);
    Fault fault =
        (server, type, id, any) -> {
          if (left.decrementAndGet() == 0) {
            server.hangUp();
            return true;
          }
          return false;
        };
    try (SshLink link = link(fault)) {
      link.open(true);
      write(link, 0, new byte[] {1, 2, 3});
      assertThatThrownBy(() -> read(link, 0, SIZE))
          .isInstanceOfSatisfying(
              BlockException.class, e -> assertThat(e.kind()).isEqualTo(Kind.IO_ERROR))
          .hasMessage("connection to 'there:22' lost: the server closed the connection");
      assertThat(read(link, 0, 3)).containsExactly(1, 2, 3);
      assertThat(disk.connections).isEqualTo(2);
      // Whether the server still has what was written is not known to anybody.
      assertThatThrownBy(link::flush).hasMessageContaining("before what had been written");
      assertThat(link.flush()).isTrue();
    }
  }

  @Test
  void aServerThatDoesNotAnswerIsGivenUp() {
    try (SshLink link = link(ALL, (server, type, id, any) -> type == Sftp.READ, 1)) {
      link.open(false);
      assertThatThrownBy(() -> read(link, 0, 512))
          .hasMessageContaining("lost: the server does not answer");
    }
    SshLink mute = link(ALL, (server, type, id, any) -> true, 1);
    assertThatThrownBy(() -> mute.open(false)).hasMessageContaining("does not answer");
  }

  @Test
  void withoutFsyncNothingIsFlushed() {
    try (SshLink link = link(new Abilities(false, 0), NONE, 20)) {
      link.open(true);
      write(link, 0, new byte[] {1});
      assertThat(link.flush()).isFalse();
    }
  }

  private static Arguments wrong(String name, int at, Fault sends) {
    return Arguments.of(
        name,
        (Fault) (server, type, id, disk) -> type == at && sends.instead(server, type, id, disk));
  }

  private static boolean sent(SftpServer server, int type, int id, SftpServer.Body body)
      throws IOException {
    server.reply(type, id, body);
    return true;
  }

  static Stream<Arguments> nonsense() {
    byte[] large = new byte[1 << 10];
    return Stream.of(
        wrong("no version", Sftp.INIT, (s, t, id, d) -> sent(s, Sftp.DATA, id, out -> {})),
        wrong(
            "an old one",
            Sftp.INIT,
            (s, t, id, d) -> {
              s.raw(new byte[] {0, 0, 0, 5, Sftp.VERSIONED, 0, 0, 0, 2});
              return true;
            }),
        wrong("a handle that is data", Sftp.OPEN, (s, t, id, d) -> sent(s, Sftp.DATA, id, o -> {})),
        wrong(
            "a long handle",
            Sftp.OPEN,
            (s, t, id, d) -> sent(s, Sftp.HANDLE, id, out -> SftpServer.string(out, large))),
        wrong(
            "no size",
            Sftp.FSTAT,
            (s, t, id, d) -> sent(s, Sftp.ATTRIBUTES, id, o -> o.writeInt(0))),
        wrong(
            "a negative size",
            Sftp.FSTAT,
            (s, t, id, d) ->
                sent(
                    s,
                    Sftp.ATTRIBUTES,
                    id,
                    out -> {
                      out.writeInt(1);
                      out.writeLong(-1);
                    })),
        wrong("another id", Sftp.READ, (s, t, id, d) -> sent(s, Sftp.DATA, id + 77, out -> {})),
        wrong(
            "no data", Sftp.READ, (s, t, id, d) -> sent(s, Sftp.DATA, id, out -> out.writeInt(0))),
        wrong(
            "more than asked for",
            Sftp.READ,
            (s, t, id, d) -> sent(s, Sftp.DATA, id, out -> SftpServer.string(out, large))),
        wrong(
            "less than said",
            Sftp.READ,
            (s, t, id, d) -> sent(s, Sftp.DATA, id, o -> o.writeInt(9))),
        wrong(
            "a negative length",
            Sftp.READ,
            (s, t, id, d) -> sent(s, Sftp.DATA, id, out -> out.writeInt(-1))),
        wrong("half a status", Sftp.READ, (s, t, id, d) -> sent(s, Sftp.STATUS, id, out -> {})),
        wrong(
            "a large packet",
            Sftp.READ,
            (s, t, id, d) -> {
              s.raw(new byte[] {0x7f, 0, 0, 0, 1});
              return true;
            }),
        wrong(
            "an empty packet",
            Sftp.READ,
            (s, t, id, d) -> {
              s.raw(new byte[] {0, 0, 0, 0, 1});
              return true;
            }));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("nonsense")
  void nonsenseIsAnError(String name, Fault fault) {
    try (SshLink link = link(fault)) {
      assertThatThrownBy(
              () -> {
                link.open(false);
                read(link, 0, 512);
              })
          .as(name)
          .isInstanceOfSatisfying(
              BlockException.class, e -> assertThat(e.kind()).isEqualTo(Kind.IO_ERROR));
    }
  }

  @Test
  void closedIsClosed() {
    SshLink link = link(NONE);
    link.open(false);
    link.close();
    assertThatThrownBy(() -> read(link, 0, 512)).hasMessage("closed");
  }
}
