package dev.kasuari.img.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Root;
import dev.kasuari.img.SurvivingImage;
import dev.kasuari.img.ToolProcess;
import dev.kasuari.img.nbd.NbdTool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL ends a server while a client writes: what the server said that it has flushed is in the
 * image, every other sector is as it was or as it was to be, and QEMU finds nothing but leaks.
 * {@code -Dkasuari.block.seeds=N} kills more often.
 */
@Tag("guest")
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KilledServerTest {
  private static final int SIZE = 8 << 20;
  private static final int SECTOR = 512;
  private static final List<String> FORMATS =
      List.of("qcow2", "qcow2,lazy_refcounts=on", "qed", "vdi", "vhdx", "parallels");

  @TempDir Path folder;

  @TestFactory
  Stream<DynamicTest> whatWasFlushedIsThere() {
    int first = Integer.getInteger("kasuari.block.seed", 1);
    int seeds = Integer.getInteger("kasuari.block.seeds", 3);
    return IntStream.range(first, first + seeds)
        .mapToObj(seed -> DynamicTest.dynamicTest("seed " + seed, () -> run(seed)));
  }

  /** What the client asked for since the last flush. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Asked(int offset, byte[] bytes) {}

  private final List<Asked> asked = new ArrayList<>();
  private byte[] disk = new byte[0];
  private byte[] flushed = new byte[0];

  private void run(int seed) throws Exception {
    String[] format = FORMATS.get(seed % FORMATS.size()).split(",", 2);
    Path image = folder.resolve("image" + seed);
    String options = format.length == 1 ? "size=" + SIZE : "size=" + SIZE + "," + format[1];
    peer("qemu-img", "create", "-q", "-f", format[0], "-o", options, image.toString());
    disk = new byte[SIZE];
    flushed = new byte[SIZE];
    asked.clear();
    Random random = new Random(seed);
    for (int i = 0; i < 2; i++) {
      killed(format[0], image, random);
      examine(format[0], image);
    }
  }

  private void killed(String format, Path image, Random random) throws Exception {
    Path socket = folder.resolve("s");
    String[] words = {"-t", "-f", format, "-k", socket.toString(), image.toString()};
    Process server =
        new ProcessBuilder(ToolProcess.command(NbdTool.class, words)).inheritIO().start();
    try {
      BlockGraph graph = new BlockGraph();
      String name = "json:{\"driver\":\"nbd\",\"path\":\"" + socket + "\",\"open-timeout\":30}";
      Access access = Access.write().withUnmap(true);
      int after = 300 + random.nextInt(700);
      try (Root root = Root.of(graph, "test", graph.openFile("", name, null, access))) {
        Thread.ofPlatform()
            .daemon(true)
            .start(() -> {
              pause(after);
              server.destroyForcibly();
            });
        write(root.node(), random);
      } catch (BlockException e) { // closing flushes, and nobody is there
        assertThat(server.waitFor()).isNotZero();
      }
      assertThat(server.waitFor()).isEqualTo(128 + 9);
    } finally {
      server.destroyForcibly().waitFor();
    }
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Until nobody answers. */
  private void write(BlockNode node, Random random) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(256 << 10);
      while (true) {
        int length = SECTOR * (1 + random.nextInt(1 << random.nextInt(10)));
        int offset = random.nextInt((SIZE - length) / SECTOR + 1) * SECTOR;
        byte[] bytes = new byte[length];
        boolean zero = random.nextInt(4) == 0;
        if (!zero) {
          random.nextBytes(bytes);
        }
        asked.add(new Asked(offset, bytes));
        System.arraycopy(bytes, 0, disk, offset, length);
        if (zero) {
          node.writeZeroes(offset, length, random.nextBoolean());
        } else {
          node.write(offset, buffer.asSlice(0, length).copyFrom(MemorySegment.ofArray(bytes)));
        }
        if (random.nextInt(5) == 0) {
          node.flush();
          flushed = disk.clone();
          asked.clear();
        }
      }
    } catch (BlockException e) {
      assertThat(asked).isNotEmpty(); // the server has gone
    }
  }

  private void examine(String format, Path image) throws Exception {
    SurvivingImage.examine(image, format);
    Path raw = folder.resolve("raw");
    assertThat(peer("qemu-img", "convert", "-f", format, "-O", "raw", image.toString(), "" + raw))
        .isZero();
    byte[] now = Files.readAllBytes(raw);
    for (int at = 0; at < SIZE; at += SECTOR) {
      byte[] sector = Arrays.copyOfRange(now, at, at + SECTOR);
      int here = at;
      boolean right =
          Arrays.equals(sector, Arrays.copyOfRange(flushed, at, at + SECTOR))
              || asked.stream().anyMatch(a -> wanted(a, here, sector));
      assertThat(right).as(format + ": sector at " + at).isTrue();
    }
    disk = now;
    flushed = now.clone();
    asked.clear();
  }

  private static boolean wanted(Asked one, int at, byte[] sector) {
    int from = at - one.offset;
    return from >= 0
        && from < one.bytes.length
        && Arrays.equals(sector, Arrays.copyOfRange(one.bytes, from, from + SECTOR));
  }

  private int peer(String... command) throws Exception {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("log").toFile())
        .start()
        .waitFor();
  }
}
