package dev.kasuari.block.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.Child;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Preallocation;
import dev.kasuari.qapi.OptionSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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

  /** What the guest knows of the disk. */
  protected byte[] disk;

  private final String format;
  private final String options;
  private final RecordingNode image;

  /** Further files of which the image is made, by what they are to it. */
  private final Map<String, RecordingNode> others = new LinkedHashMap<>();

  private final Map<RecordingNode, byte[]> start = new LinkedHashMap<>();

  /**
   * Images of a format with these options. They may name the secret {@code s}, and {@code
   * data_file=DATA}.
   */
  public CrashRun(String format, String options, int seed, int sectors) {
    this.format = format;
    this.options = options;
    random = new Random(seed);
    disk = new byte[SECTOR * (sectors / 8 + random.nextInt(sectors))];
    image = new RecordingNode(new byte[0]);
    if (options.contains("=DATA")) {
      others.put("data-file", new RecordingNode("data", new byte[0], image.events));
    }
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

  /** What the guest is told of the size, from now on. */
  private record Resized(int size) {}

  /** Changes a new image before anybody uses it. */
  protected void made(RecordingNode file) {}

  /** Changes that only this format has. */
  protected void special(RecordingNode file, BlockNode node, int offset) {}

  /** The size has changed. */
  protected void resized() {}

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

  /** How the image is opened. */
  protected String opening() {
    return options.contains("encrypt.")
        ? "driver=" + format + ",encrypt.key-secret=s"
        : "driver=" + format;
  }

  /** True if the size is changed now and then. */
  protected boolean resizes() {
    return false;
  }

  final void all() throws IOException {
    create();
    image.note(new Flushed(disk.clone()));
    for (int session = 0; session < 3; session++) {
      with(
          image,
          others,
          Access.write().withUnmap(true),
          node -> {
            for (int i = 0; i < 20; i++) {
              change(image, node);
            }
            beforeClose(image, node);
          });
    }
    int cuts = Integer.getInteger("kasuari.block.cuts", 40);
    for (int i = 0; i < cuts; i++) {
      int cut = 1 + random.nextInt(image.events.size()); // the first says what was made
      long seed = random.nextLong();
      try {
        examine(cut, new Random(seed));
      } catch (Throwable e) {
        throw new AssertionError(format + " " + options + ", cut at " + cut + ", seed " + seed, e);
      }
    }
  }

  private void create() throws IOException {
    Path data = Files.createTempFile("kasuari", "data");
    try {
      String said = options.replace("=DATA", "=" + data);
      TestImages.create(graph(), format, image, disk.length, said);
      made(image);
      start.put(image, image.content());
      for (RecordingNode other : others.values()) {
        other.replace(Files.readAllBytes(data));
        start.put(other, other.content());
      }
      image.events.clear();
    } finally {
      Files.delete(data);
    }
  }

  private static BlockGraph graph() {
    var graph = new BlockGraph();
    graph.objects().add("", "secret,id=s,data=letmein");
    return graph;
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
      case 4, 5, 6 -> {
        if (resizes() && random.nextInt(4) == 0) {
          resize(file, node, disk.length / SECTOR * 2 / 3 + random.nextInt(sectors));
        } else {
          special(file, node, offset);
        }
      }
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

  private void resize(RecordingNode file, BlockNode node, int sectors) {
    becomes(file, Arrays.copyOf(disk, sectors * SECTOR));
    try {
      node.truncate(disk.length, Preallocation.OFF);
    } catch (BlockException e) { // version 2 with snapshots, a bitmap
      assertThat(e.kind()).isIn(BlockException.Kind.NOT_SUPPORTED, BlockException.Kind.INVALID);
      becomes(file, Arrays.copyOf(disk, (int) node.size()));
      System.arraycopy(TestImages.read(node, 0, disk.length), 0, disk, 0, disk.length);
    }
    resized();
  }

  /** The guest asks for the whole disk to be this, with another size. */
  protected final void becomes(RecordingNode file, byte[] next) {
    byte[] wide = Arrays.copyOf(next, Math.max(next.length, disk.length));
    file.note(new Asked(0, wide));
    file.note(new Resized(next.length));
    disk = next.clone();
  }

  private void examine(int cut, Random chance) {
    var events = image.events;
    var file = new RecordingNode(image.afterCut(start(image), cut, chance));
    var left = new LinkedHashMap<String, RecordingNode>();
    others.forEach((slot, other) ->
        left.put(
            slot,
            new RecordingNode(
                other.name(), other.afterCut(start(other), cut, chance), file.events)));
    with(
        file,
        left,
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

  private byte[] start(RecordingNode file) {
    return Objects.requireNonNull(start.get(file));
  }

  private static void compare(BlockNode node, List<RecordingNode.Event> events, int cut) {
    int size = (int) node.size();
    byte[] now = TestImages.read(node, 0, size);
    var asked = new ArrayList<Asked>();
    var sizes = new ArrayList<Integer>();
    byte[] flushed = new byte[0];
    for (RecordingNode.Event event : events.subList(0, cut)) {
      if (event instanceof RecordingNode.Note(Flushed(byte[] then))) {
        flushed = then;
        asked.clear();
        sizes.clear();
        sizes.add(then.length);
      } else if (event instanceof RecordingNode.Note(Asked one)) {
        asked.add(one);
      } else if (event instanceof RecordingNode.Note(Resized(int to))) {
        sizes.add(to);
      }
    }
    assertThat(sizes).contains(size);
    flushed = Arrays.copyOf(flushed, size);
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

  private void with(
      RecordingNode file,
      Map<String, RecordingNode> more,
      Access access,
      Consumer<BlockNode> work) {
    var graph = graph();
    var children = new LinkedHashMap<String, BlockNode>(more);
    children.put("file", file);
    BlockNode node = graph.open(OptionSource.of("", opening(), ""), access, children);
    Child use = graph.use("test", node, BlockGraph.takenBy(access), BlockGraph.sharedBy(access));
    try {
      work.accept(node);
    } finally {
      graph.release(use);
    }
  }
}
