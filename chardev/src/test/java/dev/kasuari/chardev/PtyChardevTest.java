package dev.kasuari.chardev;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.host.HostFile;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.machine.backend.CharBackend.Event;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.lang.Thread.State;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@Tag("fast")
@Timeout(60)
@EnabledOnOs(OS.LINUX)
class PtyChardevTest {
  private final PtyChardev pty = PtyChardev.open("p");
  private final BlockingQueue<Object> happened = new LinkedBlockingQueue<>();

  @AfterEach
  void close() {
    pty.close();
  }

  private final class Guest implements CharBackend.Receiver {
    @Override
    public int canReceive() {
      return 100;
    }

    @Override
    public void receive(byte[] bytes) {
      for (byte b : bytes) {
        happened.add((char) b);
      }
    }

    @Override
    public void event(Event event) {
      happened.add(event);
    }
  }

  private void connect() {
    pty.connect(new Guest(), Runnable::run);
  }

  private void expect(Object... things) throws InterruptedException {
    for (Object thing : things) {
      assertThat(happened.poll(30, TimeUnit.SECONDS)).isEqualTo(thing);
    }
  }

  private void print(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    assertThat(pty.write(bytes, 0, bytes.length, () -> {})).isEqualTo(bytes.length);
  }

  private static void type(RandomAccessFile terminal, String text) throws Exception {
    terminal.write(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static String read(RandomAccessFile terminal, int length) throws Exception {
    byte[] bytes = new byte[length];
    terminal.readFully(bytes);
    return new String(bytes, StandardCharsets.US_ASCII);
  }

  @Test
  void aTerminalMayBeClosedAndOpenedAgain() throws Exception {
    connect();
    for (int round = 0; round < 3; round++) {
      try (var terminal = new RandomAccessFile(pty.path(), "rw")) {
        expect(Event.OPENED);
        type(terminal, "a" + round);
        expect('a', (char) ('0' + round));
        print("answer " + round);
        assertThat(read(terminal, 8)).isEqualTo("answer " + round);
      }
      expect(Event.CLOSED);
    }
  }

  @Test
  void outputIsLostWhileNobodyIsThere() throws Exception {
    connect();
    var dropped = new LinkedBlockingQueue<String>();
    byte[] much = new byte[200_000];
    assertThat(pty.write(much, 0, much.length, () -> dropped.add("all"))).isLessThan(much.length);
    assertThat(dropped.poll(30, TimeUnit.SECONDS)).isEqualTo("all");
    try (var terminal = new RandomAccessFile(pty.path(), "rw")) {
      expect(Event.OPENED);
      print("z");
      assertThat(read(terminal, 1)).isEqualTo("z");
    }
  }

  @Test
  void outputWaitsForAReaderWhoIsThere() throws Exception {
    connect();
    try (var terminal = new RandomAccessFile(pty.path(), "rw")) {
      expect(Event.OPENED);
      byte[] much = new byte[200_000];
      var room = new LinkedBlockingQueue<String>();
      int taken = pty.write(much, 0, much.length, () -> room.add("room"));
      assertThat(taken).isLessThan(much.length);
      terminal.readFully(new byte[taken]);
      assertThat(room.poll(30, TimeUnit.SECONDS)).isEqualTo("room");
      print("on");
      assertThat(read(terminal, 2)).isEqualTo("on");
    }
  }

  /** Looking every 50 ms whether there is room again takes longer than this test may. */
  @Test
  void outputGoesOutAsFastAsItIsRead() throws Exception {
    connect();
    int length = 24 << 20;
    try (var terminal = new RandomAccessFile(pty.path(), "rw")) {
      expect(Event.OPENED);
      Thread guest = Thread.ofPlatform().daemon(true).start(() -> writeAll(length));
      byte[] piece = new byte[4096];
      for (int at = 0; at < length; at += piece.length) {
        terminal.readFully(piece);
        for (int i = 0; i < piece.length; i++) {
          if (piece[i] != pattern(at + i)) {
            assertThat(piece[i]).as("byte %d", at + i).isEqualTo(pattern(at + i));
          }
        }
      }
      guest.join();
    }
  }

  private static byte pattern(int at) {
    return (byte) ((at * 31) >> 3);
  }

  private void writeAll(int length) {
    byte[] piece = new byte[1 << 20];
    var room = new Semaphore(0);
    for (int at = 0; at < length; at += piece.length) {
      for (int i = 0; i < piece.length; i++) {
        piece[i] = pattern(at + i);
      }
      int done = pty.write(piece, 0, piece.length, room::release);
      while (done < piece.length) {
        room.acquireUninterruptibly();
        done += pty.write(piece, done, piece.length - done, room::release);
      }
    }
  }

  @Test
  void whoIsThereMayReadTheLastBytes() throws Exception {
    connect();
    try (var terminal = new RandomAccessFile(pty.path(), "rw")) {
      expect(Event.OPENED);
      String last = "Power down.".repeat(1000);
      print(last);
      Thread closing = Thread.ofPlatform().start(pty::close);
      while (closing.getState() != State.TIMED_WAITING && closing.isAlive()) {
        Thread.onSpinWait();
      }
      assertThat(read(terminal, last.length())).isEqualTo(last);
      closing.join();
    }
  }

  @Test
  void aReaderWhoDoesNotReadDoesNotKeepItOpen() throws Exception {
    connect();
    try (var terminal = new RandomAccessFile(pty.path(), "rw")) {
      expect(Event.OPENED);
      pty.write(new byte[60_000], 0, 60_000, () -> {});
      pty.close();
      assertThat(terminal.getFD().valid()).isTrue();
    }
  }

  @Test
  void theSizeOfATerminalIsKnownAndItsChangeSeen() throws Exception {
    try (var keys = new RandomAccessFile(pty.path(), "rw")) {
      resize("rows", "40", "cols", "132");
      assertThat(pty.window()).isEqualTo(new CharBackend.Window(132, 40));
      HostFile terminal = HostFile.open(pty.path());
      try (terminal;
          var stdio = StdioChardev.of("s", terminal.fd(), OutputStream.nullOutputStream(), false)) {
        var mux = new MuxChardev(stdio, true, how -> {});
        assertThat(mux.window()).isEqualTo(new CharBackend.Window(132, 40));
        stdio.connect(new Guest(), Runnable::run);
        expect(Event.OPENED);
        resize("rows", "24", "cols", "80");
        print("x"); // this is the terminal that the other types on
        expect('x', Event.RESIZED);
        assertThat(keys.getFD().valid()).isTrue();
      }
    }
    assertThat(new NullChardev("n").window()).isNull();
  }

  private void resize(String... words) throws Exception {
    var command = new ArrayList<>(List.of("stty", "-F", pty.path()));
    command.addAll(List.of(words));
    Process stty = new ProcessBuilder(command).inheritIO().start();
    assertThat(stty.waitFor()).isZero();
  }
}
