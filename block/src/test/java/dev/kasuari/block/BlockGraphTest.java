package dev.kasuari.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.testing.OwnThread;
import dev.kasuari.qapi.OptionSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Edges that change while nodes are used. */
@Tag("fast")
@EnabledOnOs(OS.LINUX)
class BlockGraphTest {
  @TempDir Path folder;
  private final BlockGraph graph = new BlockGraph();

  private BlockNode file(String name, int content, Access access) throws IOException {
    byte[] bytes = new byte[65536];
    Arrays.fill(bytes, (byte) content);
    Path path = Files.write(folder.resolve(name), bytes);
    return graph.open(
        OptionSource.of(
            "", "raw,node-name=" + name + ",file.driver=file,file.filename=" + path, "driver"),
        access);
  }

  private static int first(Root root) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(512);
      root.read(0, bytes);
      return bytes.get(ValueLayout.JAVA_BYTE, 0);
    }
  }

  @Test
  void usersGoToAnotherNodeBetweenTwoRequests() throws Exception {
    BlockNode one = file("one", 1, Access.write());
    BlockNode two = file("two", 2, Access.write());
    Child keepOne = graph.use("keep", one, Permission.none(), Permission.all());
    Child keepTwo = graph.use("keep", two, Permission.none(), Permission.all());
    var stop = new AtomicBoolean();
    var reading = new CountDownLatch(4);
    try (Root root = Root.of(graph, "test", one)) {
      Runnable reader =
          () -> {
            for (boolean begun = false; !stop.get(); begun = true) {
              assertThat(first(root)).isIn(1, 2);
              if (!begun) {
                reading.countDown();
              }
            }
          };
      var readers =
          Stream.generate(() -> OwnThread.run(reader))
              .limit(4)
              .toArray(CompletableFuture<?>[]::new);
      try {
        assertThat(reading.await(30, TimeUnit.SECONDS)).isTrue();
        for (int i = 0; i < 200; i++) {
          BlockNode from = root.node();
          BlockNode to = from.equals(one) ? two : one;
          graph.replace(from, to, edge -> edge.equals(root.edge()));
          assertThat(root.node()).isEqualTo(to);
          assertThat(first(root)).isEqualTo(to.equals(one) ? 1 : 2);
        }
      } finally {
        stop.set(true);
      }
      CompletableFuture.allOf(readers).join();
    }
    graph.release(keepOne);
    graph.release(keepTwo);
    assertThat(graph.nodes()).isEmpty();
  }

  @Test
  void whatDoesNotGoTogetherStaysAsItWas() throws Exception {
    BlockNode one = file("one", 1, Access.write());
    BlockNode two = file("two", 2, Access.write());
    try (Root root = Root.of(graph, "test", one);
        Root other = Root.of(graph, "other", two)) {
      assertThatThrownBy(() -> graph.replace(one, two, edge -> true))
          .hasMessageStartingWith("Permission conflict on node 'two'");
      assertThat(root.node()).isEqualTo(one);
      assertThat(first(root)).isEqualTo(1);
      assertThat(first(other)).isEqualTo(2);
      assertThat(one.users()).hasSize(1);
      assertThat(two.users()).hasSize(1);
    }
    assertThat(graph.nodes()).isEmpty();
  }

  @Test
  void aReplacedNodeThatNobodyUsesIsClosed() throws Exception {
    BlockNode one = file("one", 1, Access.write());
    BlockNode two = file("two", 2, Access.write());
    try (Root root = Root.of(graph, "test", one)) {
      graph.replace(one, two, edge -> true);
      assertThat(graph.find("one")).isNull();
      assertThat(first(root)).isEqualTo(2);
    }
    assertThat(graph.nodes()).isEmpty();
  }

  @Test
  void nodesThatOthersKeepOutliveTheirUsers() throws Exception {
    BlockNode top = file("one", 1, Access.write());
    BlockNode bottom = top.children().getFirst().node();
    Child keepBottom = graph.use("keep", bottom, Permission.none(), Permission.all());
    Root.of(graph, "test", top).close();
    assertThat(graph.nodes()).containsExactly(bottom);
    assertThat(bottom.users()).containsExactly(keepBottom);
    graph.release(keepBottom);
    assertThat(graph.nodes()).isEmpty();
  }

  @Test
  void anImageIsWrittenThatWasOpenedForReading() throws Exception {
    BlockNode one = file("one", 1, Access.read());
    try (Root root =
            new Root(
                graph, "test", one, Permission.of(Permission.CONSISTENT_READ), Permission.all());
        Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(512).fill((byte) 7);
      assertThatThrownBy(() -> root.write(0, bytes)).hasMessageContaining("read-only");
      graph.reopen(one, one.access().withWritable(true));
      root.write(0, bytes);
      assertThat(first(root)).isEqualTo(7);
      graph.reopen(one, one.access().withCache(false, true));
      root.write(512, bytes);
      graph.reopen(one, one.access().withWritable(false));
      assertThatThrownBy(() -> root.write(0, bytes)).hasMessageContaining("read-only");
      assertThat(first(root)).isEqualTo(7);
    }
    byte[] all = Files.readAllBytes(folder.resolve("one"));
    assertThat(all[1023]).isEqualTo((byte) 7);
    assertThat(all[1024]).isEqualTo((byte) 1);
  }

  @Test
  void anImageThatOthersReadIsNotOpenedForWriting() throws Exception {
    BlockNode one = file("one", 1, Access.read());
    var elsewhere = new BlockGraph();
    BlockNode same = elsewhere.openFile("", folder.resolve("one").toString(), "raw", Access.read());
    try (Root reader = Root.of(elsewhere, "reader", same);
        Root root =
            new Root(
                graph, "test", one, Permission.of(Permission.CONSISTENT_READ), Permission.all())) {
      assertThatThrownBy(() -> graph.reopen(one, one.access().withWritable(true)))
          .hasMessageContaining("Is another process using the image");
      assertThat(one.writable()).isFalse();
      assertThat(first(root)).isEqualTo(1);
      assertThat(first(reader)).isEqualTo(1);
    }
  }

  @Test
  void aDeviceTakesMemoryOfAnyKindAndGivesUpWhatNobodyBegan() throws Exception {
    BlockNode one = file("one", 1, Access.write());
    try (var device = new BlockDevice("d", graph, one, false)) {
      var done = new CompletableFuture<Object>();
      byte[] heap = new byte[1024];
      device.read(0, java.util.List.of(MemorySegment.ofArray(heap)), done::complete);
      assertThat(done.join()).hasToString("OK");
      assertThat(heap).containsOnly(1);
      assertThat(device.cancelWaiting()).isZero();
    }
  }
}
