package dev.kasuari.block.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
import dev.kasuari.block.testing.OwnThread;
import dev.kasuari.qapi.OptionSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Past the host's cache, and devices of the host. */
@Tag("fast")
@EnabledOnOs(OS.LINUX)
class DirectFileTest {
  @TempDir Path folder;
  private final BlockGraph graph = new BlockGraph();

  private BlockNode open(String options, Access access) {
    return graph.open(OptionSource.of("", options, "driver"), access);
  }

  private Child used(BlockNode node) {
    return graph.use(
        "test", node, BlockGraph.takenBy(node.access()), BlockGraph.sharedBy(node.access()));
  }

  @Test
  void whatIsNotAlignedIsReadAndWrittenAllTheSame() throws Exception {
    long seed = Long.getLong("kasuari.block.seed", System.nanoTime());
    System.out.println("direct: -Dkasuari.block.seed=" + seed);
    var random = new Random(seed);
    byte[] disk = new byte[300_000 / 512 * 512];
    random.nextBytes(disk);
    Path path = Files.write(folder.resolve("disk"), disk);
    BlockNode node = open("file,cache.direct=on,filename=" + path, Access.write());
    Child use = used(node);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(1 << 19, 4096);
      for (int i = 0; i < 400; i++) {
        int mask = random.nextBoolean() ? -512 : random.nextBoolean() ? -4096 : -1;
        int at = random.nextInt(disk.length) & mask;
        int length = Math.min(disk.length - at, (1 + random.nextInt(1 << random.nextInt(18))));
        MemorySegment part = buffer.asSlice(random.nextInt(3) * 512L, length);
        if (random.nextBoolean()) {
          node.read(at, part);
          assertThat(part.mismatch(MemorySegment.ofArray(disk).asSlice(at, length)))
              .as("step " + i)
              .isEqualTo(-1);
        } else {
          byte[] bytes = new byte[length];
          random.nextBytes(bytes);
          part.copyFrom(MemorySegment.ofArray(bytes));
          node.write(at, part);
          System.arraycopy(bytes, 0, disk, at, length);
        }
      }
    } finally {
      graph.release(use);
    }
    assertThat(Files.readAllBytes(path)).isEqualTo(disk);
  }

  /** Neighbours in one block of the medium, by several threads, at the end of the file too. */
  @Test
  void neighboursInABlockDoNotLoseEachOthersBytes() throws Exception {
    Path path = Files.write(folder.resolve("disk"), new byte[512 * 3]);
    BlockNode node = open("file,cache.direct=on,filename=" + path, Access.write());
    Child use = used(node);
    try {
      var all =
          IntStream.range(0, 8)
              .mapToObj(i -> OwnThread.run(() -> fillEvery(node, i)))
              .toArray(CompletableFuture<?>[]::new);
      CompletableFuture.allOf(all).join();
    } finally {
      graph.release(use);
    }
    byte[] bytes = Files.readAllBytes(path);
    assertThat(bytes).hasSize(512 * 64);
    for (int i = 0; i < bytes.length; i++) {
      assertThat(bytes[i]).as("byte " + i).isEqualTo((byte) (i / 512 % 8 + 1));
    }
  }

  private static void fillEvery(BlockNode node, int which) {
    byte[] sector = new byte[512];
    Arrays.fill(sector, (byte) (which + 1));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(512);
      MemorySegment.copy(sector, 0, bytes, ValueLayout.JAVA_BYTE, 0, 512);
      for (int i = which; i < 64; i += 8) {
        node.write(i * 512L, bytes);
      }
    }
  }

  @Test
  void nativeAioAsksForDirectAccess() throws Exception {
    Path path = Files.write(folder.resolve("disk"), new byte[4096]);
    assertThatThrownBy(() -> open("file,aio=native,filename=" + path, Access.read()))
        .hasMessageContaining("it requires cache.direct=on, which was not specified");
    used(open("file,aio=native,cache.direct=on,filename=" + path, Access.read()));
    used(open("file,aio=io_uring,filename=" + path, Access.read()));
  }

  @Test
  void devicesHaveADriverOfTheirOwn() throws Exception {
    Path path = Files.write(folder.resolve("disk"), new byte[4096]);
    assertThatThrownBy(() -> open("file,filename=/dev/null", Access.read()))
        .hasMessage("'file' driver requires '/dev/null' to be a regular file");
    assertThatThrownBy(() -> open("host_device,filename=" + path, Access.read()))
        .hasMessageContaining("to be either a character or block device");
    BlockNode device = graph.openFile("", "/dev/null", "raw", Access.read());
    assertThat(device.child("file")).isNotNull().matches(n -> n.driver().equals("host_device"));
  }
}
