package dev.kasuari.block.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Root;
import dev.kasuari.block.filter.LimitsCodec;
import dev.kasuari.block.filter.ThrottleGroup;
import dev.kasuari.block.testing.TestImages;
import dev.kasuari.qapi.OptionSource;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Our client and our server, and ends that do not do as they should. */
@Tag("fast")
@DisabledOnOs(OS.WINDOWS)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NbdTest {
  private static final int SIZE = 8 << 20;
  @TempDir Path folder;
  private final List<AutoCloseable> open = new ArrayList<>();
  private final BlockGraph graph = new BlockGraph();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }

  private Path socket() {
    return folder.resolve("socket");
  }

  private Root disk() throws IOException {
    Path file = folder.resolve("disk");
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(SIZE);
    }
    BlockNode node = graph.openFile("", file.toString(), "raw", Access.write().withUnmap(true));
    Root root = Root.of(graph, "test", node);
    open.add(root);
    return root;
  }

  private NbdServer serve(BlockNode node, boolean writable) throws IOException {
    Files.deleteIfExists(socket());
    var server = new NbdServer(new NbdAddress.Unix(socket().toString()), null, 0, text -> {});
    server.add(new NbdExport("d", "about it", node, writable, true, true, List.of()));
    server.start();
    open.add(server);
    return server;
  }

  private Root client(String more, boolean writable) {
    String name =
        "json:{\"driver\":\"nbd\",\"path\":\"" + socket() + "\",\"export\":\"d\"" + more + "}";
    BlockGraph own = new BlockGraph();
    Access access = Access.read().withWritable(writable).withUnmap(true);
    Root root = Root.of(own, "test", own.openFile("", name, null, access));
    open.add(root);
    return root;
  }

  private static void change(BlockNode node, byte[] model, long start, long length, Random random) {
    try (Arena arena = Arena.ofConfined()) {
      for (int i = 0; i < 60; i++) {
        int bytes = 1 + random.nextInt(1 << (1 + random.nextInt(18)));
        long at = start + random.nextLong(length - bytes);
        switch (random.nextInt(4)) {
          case 0 -> {
            byte[] some = new byte[bytes];
            random.nextBytes(some);
            node.write(at, arena.allocateFrom(ValueLayout.JAVA_BYTE, some));
            System.arraycopy(some, 0, model, (int) at, bytes);
          }
          case 1 -> {
            node.writeZeroes(at, bytes, random.nextBoolean());
            Arrays.fill(model, (int) at, (int) at + bytes, (byte) 0);
          }
          default -> {
            MemorySegment read = arena.allocate(bytes);
            node.read(at, read);
            byte[] expected = Arrays.copyOfRange(model, (int) at, (int) at + bytes);
            assertThat(read.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
          }
        }
      }
      node.flush();
    }
  }

  /** Each thread has a part of the disk; all share one connection. */
  @Test
  void manyThreadsReadWhatTheyWrote() throws Exception {
    Root disk = disk();
    serve(disk.node(), true);
    BlockNode node = client("", true).node();
    byte[] model = new byte[SIZE];
    var work = new ArrayList<Callable<Boolean>>();
    for (int i = 0; i < 8; i++) {
      int part = i;
      work.add(() -> {
        change(node, model, (long) part << 20, 1 << 20, new Random(part));
        return true;
      });
    }
    try (var threads = Executors.newFixedThreadPool(8)) {
      for (var done : threads.invokeAll(work)) {
        assertThat(done.get()).isTrue();
      }
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment all = arena.allocate(SIZE);
      disk.node().read(0, all);
      assertThat(all.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(model);
    }
  }

  @Test
  void holesAreSeen() throws Exception {
    Root disk = disk();
    serve(disk.node(), true);
    BlockNode node = client("", true).node();
    try (Arena arena = Arena.ofConfined()) {
      node.write(1 << 20, arena.allocate(1 << 16).fill((byte) 3));
    }
    BlockStatus before = node.status(0, SIZE);
    assertThat(before.zero()).isTrue();
    assertThat(before.length()).isEqualTo(1 << 20);
    BlockStatus data = node.status(1 << 20, SIZE - (1 << 20));
    assertThat(data.data()).isTrue();
    assertThat(data.zero()).isFalse();
    assertThat(node.filename()).isEqualTo("nbd+unix:///d?socket=" + socket());
  }

  /** A file of the host can; sectors of an image without a way to say it cannot, and stay. */
  @Test
  void zeroesAreQuickOrNotSupported() throws Exception {
    Root disk = disk();
    serve(disk.node(), true);
    BlockNode node = client("", true).node();
    try (Arena arena = Arena.ofConfined()) {
      node.write(0, arena.allocate(1 << 20).fill((byte) 3));
      assertThat(node.zeroQuickly(1 << 16, 1 << 16, true)).isTrue();
      MemorySegment now = arena.allocate(3 << 16);
      node.read(0, now);
      byte[] expected = new byte[3 << 16];
      Arrays.fill(expected, (byte) 3);
      Arrays.fill(expected, 1 << 16, 2 << 16, (byte) 0);
      assertThat(now.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
    }
  }

  /** Whole clusters are zero by their entries; a part of one would be written. */
  @Test
  void zeroesOfAnImageAreQuickByClusters() throws Exception {
    Path image = folder.resolve("image");
    TestImages.create("qcow2", image, 4 << 20, "");
    BlockNode own = graph.openFile("", image.toString(), "qcow2", Access.write().withUnmap(true));
    Root root = Root.of(graph, "test", own);
    open.add(root);
    serve(root.node(), true);
    BlockNode node = client("", true).node();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment noise = arena.allocate(4 << 20).fill((byte) 5);
      node.write(0, noise);
      assertThat(node.zeroQuickly(512, 65536, true)).isFalse();
      assertThat(node.zeroQuickly(0, 65536 + 512, true)).isFalse();
      MemorySegment now = arena.allocate(4 << 20);
      node.read(0, now);
      assertThat(now.mismatch(noise)).isEqualTo(-1);
      assertThat(node.zeroQuickly(65536, 3 << 16, true)).isTrue();
      assertThat(node.zeroQuickly((4 << 20) - 65536, 65536, false)).isTrue();
      noise.asSlice(65536, 3 << 16).fill((byte) 0);
      noise.asSlice((4 << 20) - 65536).fill((byte) 0);
      node.read(0, now);
      assertThat(now.mismatch(noise)).isEqualTo(-1);
    }
  }

  /** Blocks in their place are the file's to make zero, and those that are not there are zero. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "vdi | ''",
        "vmdk | ''",
        "vmdk | subformat=monolithicFlat",
        "vpc | ''",
        "vpc | subformat=fixed",
        "vhdx | ''",
        "parallels | ''",
        "qed | ''",
      })
  void zeroesOfBlocksAreQuick(String format, String options) throws Exception {
    Path image = folder.resolve("image");
    TestImages.create(format, image, 4 << 20, options);
    BlockNode own = graph.openFile("", image.toString(), format, Access.write().withUnmap(true));
    Root root = Root.of(graph, "test", own);
    open.add(root);
    serve(root.node(), true);
    BlockNode node = client("", true).node();
    byte[] expected = new byte[2 << 20];
    Arrays.fill(expected, (byte) 5);
    TestImages.write(node, 0, expected, 0, expected.length);
    assertThat(node.zeroQuickly(512, 70000 / 512 * 512, true)).isTrue();
    assertThat(node.zeroQuickly(1 << 20, 2 << 20, false)).isTrue();
    Arrays.fill(expected, 512, 512 + 70000 / 512 * 512, (byte) 0);
    Arrays.fill(expected, 1 << 20, 2 << 20, (byte) 0);
    assertThat(TestImages.read(node, 0, expected.length)).isEqualTo(expected);
    assertThat(TestImages.read(node, 2 << 20, 1 << 20)).containsOnly(0);
  }

  /** A filter is as quick as what it is over: whole clusters, and not a part of one. */
  @ParameterizedTest
  @CsvSource({
    "copy-on-read, 4096, true",
    "copy-on-read, 512, false",
    "throttle, 65536, true",
    "throttle, 512, false"
  })
  void zeroesThroughFiltersAreQuickAsBeneath(String filter, int length, boolean quick)
      throws Exception {
    Path image = folder.resolve("image");
    TestImages.create("qcow2", image, 4 << 20, "cluster_size=4k");
    graph
        .throttleGroups()
        .put("g", new ThrottleGroup("g", LimitsCodec.CODEC.parse(OptionSource.of("", "", ""))));
    String options =
        filter
            + (filter.equals("throttle") ? ",throttle-group=g" : "")
            + ",file.driver=qcow2,file.file.driver=file,file.file.filename="
            + image;
    BlockNode own =
        graph.open(OptionSource.of("", options, "driver"), Access.write().withUnmap(true));
    Root root = Root.of(graph, "test", own);
    open.add(root);
    byte[] noise = new byte[1 << 20];
    Arrays.fill(noise, (byte) 5);
    TestImages.write(root.node(), 0, noise, 0, noise.length);
    assertThat(root.node().zeroQuickly(65536, length, true)).isEqualTo(quick);
    if (quick) {
      Arrays.fill(noise, 65536, 65536 + length, (byte) 0);
    }
    assertThat(TestImages.read(root.node(), 0, noise.length)).isEqualTo(noise);
  }

  @Test
  void whatMayNotBeWrittenIsRefused() throws Exception {
    Root disk = disk();
    serve(disk.node(), false);
    assertThatThrownBy(() -> client("", true))
        .isInstanceOf(BlockException.class)
        .hasMessageContaining("write");
    assertThat(client("", false).node().size()).isEqualTo(SIZE);
    assertThat(client(",\"auto-read-only\":true", true).node().writable()).isFalse();
  }

  @Test
  void anExportThatIsNotThereIsNamed() throws Exception {
    serve(disk().node(), true);
    var address = new NbdAddress.Unix(socket().toString());
    assertThat(NbdExports.of(address, null, null))
        .extracting(NbdExports.Listed::name, NbdExports.Listed::description)
        .containsExactly(tuple("d", "about it"));
    String name = "nbd+unix:///other?socket=" + socket();
    assertThatThrownBy(() -> new BlockGraph().openFile("", name, "raw", Access.read()))
        .isInstanceOf(BlockException.class)
        .hasMessageContaining("Requested export not available");
  }

  @Test
  void aLostServerIsWaitedFor() throws Exception {
    Root disk = disk();
    NbdServer first = serve(disk.node(), true);
    BlockNode patient = client(",\"reconnect-delay\":30", true).node();
    BlockNode impatient = client("", true).node();
    first.close();
    try (Arena arena = Arena.ofShared()) {
      MemorySegment bytes = arena.allocate(512);
      assertThatThrownBy(() -> impatient.read(0, bytes)).isInstanceOf(BlockException.class);
      Thread later =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  Thread.sleep(300);
                  serve(disk.node(), true);
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              });
      patient.write(0, bytes.fill((byte) 5));
      later.join();
      impatient.read(0, bytes.fill((byte) 0));
      assertThat(bytes.get(ValueLayout.JAVA_BYTE, 77)).isEqualTo((byte) 5);
    }
  }

  @Test
  void openingIsTriedAgain() throws Exception {
    Root disk = disk();
    assertThatThrownBy(() -> client("", true)).isInstanceOf(BlockException.class);
    Thread later =
        Thread.ofPlatform()
            .start(() -> {
              try {
                Thread.sleep(300);
                serve(disk.node(), true);
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            });
    assertThat(client(",\"open-timeout\":30", true).node().size()).isEqualTo(SIZE);
    later.join();
  }

  /** A server that says what a client must not believe: bytes in hexadecimal after the greeting. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "00", // and hangs up
        "4e42444d41474943 0000000000000000",
        "4e42444d41474943 0000420281861253 7fffffffffffffff",
        // an option's reply of 4 GiB; for another option; of another magic
        "4e42444d41474943 49484156454f5054 0003 0003e889045565a9 0000000b 00000001 ffffffff",
        "4e42444d41474943 49484156454f5054 0003 0003e889045565a9 00000063 00000001 00000000",
        "4e42444d41474943 49484156454f5054 0003 1111111111111111 0000000b 00000001 00000000",
        // refuses chunks; an export of negative size; of a block size that is none; without any
        "4e42444d41474943 49484156454f5054 0003 UU 0003e889045565a9 00000007 00000003 0000000c"
            + " 0000 ffffffffffffffff 0001 0003e889045565a9 00000007 00000001 00000000",
        "4e42444d41474943 49484156454f5054 0003 UU 0003e889045565a9 00000007 00000003 0000000e"
            + " 0003 00000003 00001000 02000000 0003e889045565a9 00000007 00000003 0000000c"
            + " 0000 0000000000100000 0001 0003e889045565a9 00000007 00000001 00000000",
        "4e42444d41474943 49484156454f5054 0003 UU 0003e889045565a9 00000007 00000001 00000000",
      })
  void aHostileServerIsRefused(String script) throws Exception {
    try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listening.bind(UnixDomainSocketAddress.of(socket()));
      Thread server = Thread.ofPlatform().start(() -> answer(listening, script));
      assertThatThrownBy(() -> client("", false)).isInstanceOf(BlockException.class);
      server.join();
    }
  }

  /** After a good handshake: replies that are not. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "11111111 00000000 0000000000000001", // another magic
        "67446698 00000000 0000000000000063", // to a request that was not made
        "668e33ef 0001 0001 0000000000000001 00000010", // a chunk, which was not negotiated
        "67446698 00000000 0000000000000001 0000", // too little data
      })
  void hostileRepliesFailRequests(String script) throws Exception {
    String good =
        "4e42444d41474943 49484156454f5054 0003 UU 0003e889045565a9 00000007 00000003 0000000c"
            + " 0000 0000000000100000 0001 0003e889045565a9 00000007 00000001 00000000 RR ";
    try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listening.bind(UnixDomainSocketAddress.of(socket()));
      Thread server = Thread.ofPlatform().start(() -> answer(listening, good + script));
      String name = "json:{\"driver\":\"nbd\",\"path\":\"" + socket() + "\",\"export\":\"d\"}";
      BlockGraph own = new BlockGraph();
      try (Root root = Root.of(own, "test", own.openFile("", name, "nbd", Access.read()));
          Arena arena = Arena.ofConfined()) {
        MemorySegment bytes = arena.allocate(512);
        assertThatThrownBy(() -> root.node().read(0, bytes)).isInstanceOf(BlockException.class);
      }
      server.join();
    }
  }

  private static void answer(ServerSocketChannel listening, String script) {
    // Options 11 and 8 are not known to this server.
    String unknown =
        "0003e889045565a9 0000000b 80000001 00000000 0003e889045565a9 00000008 80000001 00000000";
    String[] parts = script.replace("UU", unknown).replace(" ", "").split("RR", -1);
    try (SocketChannel socket = listening.accept()) {
      listening.close(); // nobody is there when the client comes again
      for (int i = 0; i < parts.length; i++) {
        if (i > 0) {
          awaitRequest(socket);
        }
        socket.write(ByteBuffer.wrap(HexFormat.of().parseHex(parts[i])));
      }
      socket.shutdownOutput();
      while (socket.read(ByteBuffer.allocate(1000)) >= 0) {
        // whatever the client says
      }
    } catch (IOException e) {
      // the client hung up, as it should
    }
  }

  /** Reads until the first request after the handshake. */
  private static void awaitRequest(SocketChannel socket) throws IOException {
    ByteBuffer in = ByteBuffer.allocate(10_000);
    while (in.position() < 28 || in.getInt(in.position() - 28) != Nbd.REQUEST_MAGIC) {
      if (socket.read(in) < 0) {
        throw new IOException("no request");
      }
    }
  }

  /** Random bytes, and requests that begin well, do not harm the server. */
  @Test
  void hostileClientsHarmNobody() throws Exception {
    Root disk = disk();
    serve(disk.node(), true);
    Random random = new Random(1);
    for (int i = 0; i < 200; i++) {
      try (SocketChannel socket = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
        ByteBuffer bytes = ByteBuffer.allocate(600);
        bytes.putInt(3);
        if (i % 2 == 0) { // an export, then requests
          bytes.putLong(Nbd.OPTION_MAGIC).putInt(Nbd.OPT_EXPORT_NAME).putInt(1).put((byte) 'd');
          while (bytes.remaining() > 28) {
            bytes.putInt(Nbd.REQUEST_MAGIC).putShort((short) random.nextInt(64));
            bytes.putShort((short) random.nextInt(9)).putLong(random.nextLong());
            bytes.putLong(random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(SIZE));
            bytes.putInt(random.nextInt(3) == 0 ? random.nextInt() : random.nextInt(4096));
          }
        } else { // options
          while (bytes.remaining() > 100) {
            byte[] data = new byte[random.nextInt(60)];
            random.nextBytes(data);
            int length = random.nextInt(8) == 0 ? random.nextInt() : data.length;
            bytes.putLong(Nbd.OPTION_MAGIC).putInt(random.nextInt(13)).putInt(length).put(data);
          }
        }
        socket.write(bytes.flip());
      } catch (IOException e) {
        // the server hung up
      }
    }
    assertThat(client("", true).node().size()).isEqualTo(SIZE);
  }
}
