package dev.kasuari.block.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.Child;
import dev.kasuari.block.ImageNode;
import dev.kasuari.qapi.OptionSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * Cuts the power while an image is changed: of all that was written since the last barrier, any
 * sectors are lost. Whoever opens the image then finds each sector as it was when it was flushed or
 * as it was written since, and nothing wrong but leaks. {@code -Dkasuari.block.cuts=N} tries more
 * instants for each seed, {@code -Dkasuari.block.seeds=N} more seeds.
 */
public class CrashRun {
  private static final int SECTOR = 512;
  protected final Random random;
  protected final byte[] disk;
  private final String format;
  private final String options;

  /** Images of a format with these options. */
  public CrashRun(String format, String options, int seed, int sectors) {
    this.format = format;
    this.options = options;
    random = new Random(seed);
    disk = new byte[SECTOR * (sectors / 8 + random.nextInt(sectors))];
  }

  /** A test for each seed. */
  public static Stream<DynamicTest> seeds(int usually, IntFunction<CrashRun> run) {
    int seeds = Integer.getInteger("kasuari.block.seeds", usually);
    int first = Integer.getInteger("kasuari.block.seed", 1);
    return IntStream.range(first, first + seeds)
        .mapToObj(seed -> DynamicTest.dynamicTest("seed " + seed, () -> run.apply(seed).all()));
  }

  /** What the guest knows at a flush: the disk, and that it is on the medium. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Flushed(byte[] disk) {}

  /** What the guest has asked for since. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Asked(long offset, byte[] bytes) {}

  /** Changes that only this format has. */
  protected void special(RecordingNode file, BlockNode node, int offset) {}

  /** Notes what will be true when the image has been closed. */
  protected void beforeClose(RecordingNode file, BlockNode node) {}

  /** Mends what is expected after a cut, before the check. */
  protected void beforeCheck(ImageNode node) {}

  /** Looks at more than the disk after a cut. */
  protected void compareMore(BlockNode node, List<RecordingNode.Event> events, int cut) {}

  /** True if the format has a check. */
  protected boolean hasChecks() {
    return true;
  }

  final void all() {
    var empty = new RecordingNode(new byte[0]);
    TestImages.create(format, empty, disk.length, options);
    byte[] start = empty.content();
    var file = new RecordingNode(start);
    file.note(new Flushed(disk.clone()));
    for (int session = 0; session < 3; session++) {
      with(
          file,
          Access.write().withUnmap(true),
          node -> {
            for (int i = 0; i < 20; i++) {
              change(file, node);
            }
            beforeClose(file, node);
          });
    }
    int cuts = Integer.getInteger("kasuari.block.cuts", 40);
    for (int i = 0; i < cuts; i++) {
      int cut = random.nextInt(file.events.size() + 1);
      long seed = random.nextLong();
      try {
        examine(start, file.events, cut, new Random(seed));
      } catch (Throwable e) {
        throw new AssertionError(format + " " + options + ", cut at " + cut + ", seed " + seed, e);
      }
    }
  }

  private void change(RecordingNode file, BlockNode node) {
    int sectors = disk.length / SECTOR;
    int from = random.nextInt(sectors);
    int count = 1 + random.nextInt(Math.min(sectors - from, 1 << random.nextInt(9)));
    int offset = from * SECTOR;
    int length = count * SECTOR;
    switch (random.nextInt(13)) {
      case 0, 1 -> {
        node.flush();
        file.note(new Flushed(disk.clone()));
      }
      case 2 -> {
        ask(file, offset, new byte[length]);
        node.writeZeroes(offset, length, random.nextBoolean());
      }
      case 3 -> {
        ask(file, offset, new byte[length]);
        node.writeZeroes(offset, length, false);
        node.discard(offset, length);
      }
      case 4, 5, 6 -> special(file, node, offset);
      default -> {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        ask(file, offset, bytes);
        TestImages.write(node, offset, disk, offset, length);
      }
    }
  }

  /** The guest asks for these bytes there. */
  protected final void ask(RecordingNode file, int offset, byte[] bytes) {
    file.note(new Asked(offset, bytes));
    System.arraycopy(bytes, 0, disk, offset, bytes.length);
  }

  private void examine(byte[] start, List<RecordingNode.Event> events, int cut, Random chance) {
    var file = new RecordingNode(RecordingNode.afterCut(start, events, cut, chance));
    with(
        file,
        Access.write(),
        node -> {
          if (hasChecks()) {
            beforeCheck((ImageNode) node);
            var lines = new ArrayList<String>();
            CheckResult result = ((ImageNode) node).check(CheckResult.Repair.NONE, lines::add);
            assertThat(result.corruptions()).as(lines.toString()).isZero();
          }
          compare(node, events, cut);
          compareMore(node, events, cut);
        });
  }

  private static void compare(BlockNode node, List<RecordingNode.Event> events, int cut) {
    int size = (int) node.size();
    byte[] now = TestImages.read(node, 0, size);
    var asked = new ArrayList<Asked>();
    byte[] flushed = new byte[size];
    for (RecordingNode.Event event : events.subList(0, cut)) {
      if (event instanceof RecordingNode.Note(Flushed(byte[] then))) {
        flushed = then;
        asked.clear();
      } else if (event instanceof RecordingNode.Note(Asked one)) {
        asked.add(one);
      }
    }
    for (int at = 0; at < size; at += SECTOR) {
      byte[] sector = Arrays.copyOfRange(now, at, at + SECTOR);
      if (!Arrays.equals(sector, Arrays.copyOfRange(flushed, at, at + SECTOR))) {
        assertThat(wanted(asked, at, sector))
            .as("sector at " + at + " is neither as flushed nor as asked")
            .isTrue();
      }
    }
  }

  private static boolean wanted(List<Asked> asked, int at, byte[] sector) {
    return asked.stream()
        .filter(a -> a.offset <= at && at < a.offset + a.bytes.length)
        .map(
            a -> Arrays.copyOfRange(a.bytes, (int) (at - a.offset), (int) (at - a.offset) + SECTOR))
        .anyMatch(bytes -> Arrays.equals(sector, bytes));
  }

  private void with(RecordingNode file, Access access, Consumer<BlockNode> work) {
    var graph = new BlockGraph();
    BlockNode node =
        graph.open(OptionSource.of("", "driver=" + format, ""), access, Map.of("file", file));
    Child use = graph.use("test", node, BlockGraph.takenBy(access), BlockGraph.sharedBy(access));
    try {
      work.accept(node);
    } finally {
      graph.release(use);
    }
  }
}
