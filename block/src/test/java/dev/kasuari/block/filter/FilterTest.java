package dev.kasuari.block.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.Extent;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Root;
import dev.kasuari.block.testing.OwnThread;
import dev.kasuari.qapi.OptionSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What filters add to what is under them. */
@Tag("fast")
@EnabledOnOs(OS.LINUX)
class FilterTest {
  private static final int SIZE = 1 << 20;

  private static final Set<Thread.State> WAITING =
      EnumSet.of(Thread.State.WAITING, Thread.State.TIMED_WAITING);

  @TempDir Path folder;
  private final BlockGraph graph = new BlockGraph();
  private final Arena arena = Arena.ofShared();

  @AfterEach
  void close() {
    arena.close();
  }

  private Path raw(String name, int content) throws IOException {
    byte[] bytes = new byte[SIZE];
    Arrays.fill(bytes, (byte) content);
    return Files.write(folder.resolve(name), bytes);
  }

  private Path overlay(String name, Path backing) throws IOException {
    Path path = Files.write(folder.resolve(name), new byte[0]);
    Images.create(path, SIZE, backing);
    return path;
  }

  /** Makes images. */
  private static final class Images {
    static void create(Path path, long size, Path backing) {
      var graph = new BlockGraph();
      BlockNode file = graph.openFile("", path.toString(), "file", Access.write());
      try (Root root = Root.of(graph, "test", file)) {
        ImageCreator<?> creator = Objects.requireNonNull(Drivers.named("", "qcow2").creator());
        create(creator, root.node(), size, backing);
      }
    }

    private static <O> void create(
        ImageCreator<O> creator, BlockNode file, long size, Path backing) {
      O options =
          creator
              .options()
              .parse(OptionSource.of("", "backing_file=" + backing + ",backing_fmt=raw", ""));
      creator.create(file, size, options);
    }
  }

  private Root open(String options) {
    BlockNode node = graph.open(OptionSource.of("", options, "driver"), Access.write());
    return Root.of(graph, "test", node);
  }

  private MemorySegment bytes(int length, int value) {
    return arena.allocate(length).fill((byte) value);
  }

  private int at(Root root, long offset) {
    MemorySegment to = bytes(1, 0);
    root.read(offset, to);
    return to.get(ValueLayout.JAVA_BYTE, 0);
  }

  private static void await(BooleanSupplier come) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!come.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(1);
    }
  }

  @Test
  void aGroupIsNoFasterThanItMayBe() throws Exception {
    Limits limits = LimitsCodec.CODEC.parse(OptionSource.of("", "bps-total=2M", ""));
    graph.throttleGroups().put("g", new ThrottleGroup("g", limits));
    String file = ",file.driver=null-co,file.size=1M";
    try (Root one = open("throttle,throttle-group=g" + file);
        Root two = open("throttle,throttle-group=g" + file)) {
      long before = System.nanoTime();
      var other = OwnThread.run(() -> write(two, 10));
      write(one, 10);
      other.join();
      // Of 1.25 MiB a tenth of a second's worth goes at once, and nobody waits for the last.
      assertThat(System.nanoTime() - before)
          .isBetween(TimeUnit.MILLISECONDS.toNanos(430), TimeUnit.SECONDS.toNanos(5));
    }
  }

  private void write(Root root, int times) {
    MemorySegment from = bytes(65536, 1);
    for (int i = 0; i < times; i++) {
      root.write(0, from);
    }
  }

  @Test
  void burstsGoThroughAtOnce() throws Exception {
    Limits limits =
        LimitsCodec.CODEC.parse(OptionSource.of("", "iops-write=2,iops-write-max=40", ""));
    limits.check("");
    graph.throttleGroups().put("g", new ThrottleGroup("g", limits));
    try (Root root = open("throttle,throttle-group=g,file.driver=null-co")) {
      long before = System.nanoTime();
      write(root, 40);
      assertThat(System.nanoTime() - before).isLessThan(TimeUnit.SECONDS.toNanos(10));
    }
  }

  @Test
  void whoIsDrainedDoesNotWaitForLimits() throws Exception {
    Limits limits = LimitsCodec.CODEC.parse(OptionSource.of("", "bps-write=1K", ""));
    graph.throttleGroups().put("g", new ThrottleGroup("g", limits));
    try (Root root = open("throttle,throttle-group=g,file.driver=null-co")) {
      write(root, 1); // another one has to wait for a minute
      var slow = new FutureTask<Void>(() -> write(root, 1), null);
      Thread waiting = Thread.ofPlatform().daemon().start(slow);
      await(() -> WAITING.contains(waiting.getState()));
      graph.drained(root.node(), () -> true);
      slow.get(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void limitsThatContradictOneAnotherAreRefused() {
    for (String wrong :
        new String[] {
          "bps-total=1,bps-read=1",
          "iops-size=4096",
          "bps-read-max=5",
          "bps-read=10,bps-read-max=5",
          "bps-read=10,bps-read-max=20,bps-read-max-length=0",
          "bps-read=10,bps-read-max-length=2",
          "bps-read=2000000000000000"
        }) {
      Limits limits = LimitsCodec.CODEC.parse(OptionSource.of("", wrong, ""));
      assertThatThrownBy(() -> limits.check("x")).as(wrong).hasMessageStartingWith("x: ");
    }
  }

  @Test
  void requestsFailByRule() throws Exception {
    Path path = raw("disk", 3);
    Path config = folder.resolve("rules");
    Files.writeString(
        config,
        """
        # comment
        [inject-error]
        event = "write_aio"
        errno = "28"
        sector = "2"
        once = "on"

        [set-state]
        event = "read_aio"
        state = "1"
        new_state = "2"

        [inject-error]
        event = "read_aio"
        state = "2"
        """);
    try (Root root =
        open(
            "raw,file.driver=blkdebug,file.config="
                + config
                + ",file.image.driver=file"
                + ",file.image.filename="
                + path)) {
      root.write(0, bytes(512, 1));
      assertThatThrownBy(() -> root.write(512, bytes(1024, 1)))
          .isInstanceOf(BlockException.class)
          .hasMessage("No space left on device");
      root.write(512, bytes(1024, 1));
      assertThat(at(root, 0)).isEqualTo(1);
      assertThatThrownBy(() -> at(root, 0)).hasMessage("Input/output error");
      assertThatThrownBy(() -> at(root, 0)).hasMessage("Input/output error");
    }
    assertThatThrownBy(() -> open("blkdebug,image.driver=null-co,inject-error.0.event=l2_updat"))
        .hasMessageContaining("did you mean 'l2_update'?");
  }

  @Test
  void alignmentAndSizesOfRequestsAreKept() throws Exception {
    Path path = raw("disk", 3);
    String inner =
        "image.driver=blkdebug,image.inject-error.0.event=none,image.inject-error.0.sector=4"
            + ",image.inject-error.0.iotype=write,image.image.driver=file,image.image.filename="
            + path;
    try (Root root = open("blkdebug,align=4096,max-transfer=8192," + inner)) {
      assertThatThrownBy(() -> root.write(0, bytes(512, 1)))
          .as("the block of 4096 bytes is written, and with it sector 4")
          .hasMessage("Input/output error");
      root.write(4096 + 512, bytes(20000, 7));
      assertThat(at(root, 4096 + 511)).isEqualTo(3);
      assertThat(at(root, 4096 + 512)).isEqualTo(7);
      assertThat(at(root, 4096 + 512 + 19999)).isEqualTo(7);
      assertThat(at(root, 4096 + 512 + 20000)).isEqualTo(3);
    }
  }

  @Test
  void somebodyIsHeldAtABreakpoint() throws Exception {
    Path path = raw("disk", 3);
    try (Root root =
        open("raw,file.driver=blkdebug,file.image.driver=file,file.image.filename=" + path)) {
      var debug = (BlkdebugNode) root.node().child("file");
      assertThat(debug).isNotNull();
      debug.breakpoint("write_aio", "A");
      var held = OwnThread.run(() -> root.write(0, bytes(512, 1)));
      await(() -> debug.held("A"));
      assertThat(held).isNotDone();
      assertThat(debug.resume("A")).isTrue();
      held.get(10, TimeUnit.SECONDS);
      assertThat(at(root, 0)).isEqualTo(1);
    }
  }

  @Test
  void whatIsReadIsCopied() throws Exception {
    Path path = overlay("top", raw("base", 5));
    try (Root root =
        open("copy-on-read,file.driver=qcow2,file.file.driver=file,file.file.filename=" + path)) {
      BlockNode top = root.node().image();
      assertThat(Extent.at(root.node(), 0, SIZE).depth()).isEqualTo(1);
      assertThat(at(root, 70000)).isEqualTo(5);
      assertThat(top.status(0, SIZE).allocated()).isFalse();
      assertThat(top.status(65536, SIZE - 65536).allocated()).isTrue();
      assertThat(top.status(65536, SIZE - 65536).length()).isEqualTo(65536);
      root.write(0, bytes(512, 9));
      assertThat(at(root, 0)).isEqualTo(9);
      assertThat(at(root, 512)).isEqualTo(5);
    }
  }

  @Test
  void whatIsWrittenIsCompressed() throws Exception {
    Path path = overlay("top", raw("base", 5));
    try (Root root =
        open("compress,file.driver=qcow2,file.file.driver=file,file.file.filename=" + path)) {
      root.write(65536 + 100, bytes(131072, 6));
      assertThat(at(root, 65536 + 99)).isEqualTo(5);
      assertThat(at(root, 65536 + 100)).isEqualTo(6);
      assertThat(at(root, 65536 + 131171)).isEqualTo(6);
      assertThat(at(root, 65536 + 131172)).isEqualTo(5);
      assertThat(root.node().image().status(65536, 65536).compressed()).isTrue();
    }
    assertThatThrownBy(() -> open("compress,file.driver=null-co"))
        .hasMessage("Compression is not supported for underlying format: null-co");
  }

  @Test
  void aFilterIsUsedAsItsUsersUseIt() throws Exception {
    Path path = raw("disk", 3);
    BlockNode node =
        graph.open(
            OptionSource.of(
                "", "raw,node-name=disk,file.driver=file,file.filename=" + path, "driver"),
            Access.write());
    try (Root root = Root.of(graph, "test", node)) {
      BlkdebugNode debug =
          (BlkdebugNode)
              graph.open(
                  OptionSource.of("", "blkdebug,node-name=f,image=disk", "driver"), Access.write());
      assertThatThrownBy(() -> Root.of(graph, "second", debug))
          .hasMessageStartingWith("Permission conflict on node 'disk'");
      assertThat(graph.find("f")).as("closed, as nobody uses it").isNull();
      assertThat(at(root, 0)).isEqualTo(3);
    }
  }
}
