package dev.kasuari.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.Child;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.bitmap.DirtyBitmap;
import dev.kasuari.qapi.OptionSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Cuts the power while an image is changed: of all that was written since the last barrier, any
 * sectors are lost. Whoever opens the image then finds each sector as it was when it was flushed or
 * as it was written since, and nothing wrong but leaks. {@code -Dkasuari.block.cuts=N} tries more
 * instants for each seed, {@code -Dkasuari.block.seeds=N} more seeds.
 */
@Tag("fast")
class Qcow2CrashTest {
  private static final int SECTOR = 512;
  private static final String[] OPTIONS = {
    "cluster_size=512",
    "cluster_size=4096",
    "cluster_size=65536",
    "cluster_size=512,refcount_bits=64",
    "cluster_size=1024,lazy_refcounts=on",
    "cluster_size=16384,extended_l2=on",
    "cluster_size=4096,compat=0.10",
  };

  @TestFactory
  Stream<DynamicTest> whatWasFlushedIsThere() {
    int seeds = Integer.getInteger("kasuari.block.seeds", 14);
    int first = Integer.getInteger("kasuari.block.seed", 1);
    return IntStream.range(first, first + seeds)
        .mapToObj(seed -> DynamicTest.dynamicTest("seed " + seed, () -> new Run(seed).all()));
  }

  /** What the guest knows at a flush: the disk, and that it is on the medium. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Flushed(byte[] disk) {}

  /** What the guest has asked for since. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Asked(long offset, byte[] bytes) {}

  /** What bitmaps say when the image is closed. */
  private record Stored(Map<String, String> bitmaps) {}

  /** The dirty ranges of those bitmaps of which they are known. */
  private static Map<String, String> bitmaps(BlockNode node) {
    var out = new TreeMap<String, String>();
    for (DirtyBitmap bitmap : node.bitmaps().all()) {
      if (!bitmap.inconsistent()) {
        var text = new StringBuilder(bitmap.enabled() + ":" + bitmap.granularity());
        DirtyBitmap.Range range = bitmap.next(0, Long.MAX_VALUE);
        while (range != null) {
          text.append(' ').append(range.offset()).append('+').append(range.length());
          range = bitmap.next(range.offset() + range.length(), Long.MAX_VALUE);
        }
        out.put(bitmap.name(), text.toString());
      }
    }
    return out;
  }

  private static final class Run {
    private final Random random;
    private final String options;
    private final byte[] disk;

    Run(int seed) {
      random = new Random(seed);
      options = OPTIONS[seed % OPTIONS.length];
      disk = new byte[SECTOR * (200 + random.nextInt(1500))];
    }

    void all() {
      var empty = new RecordingNode(new byte[0]);
      new Qcow2Creator()
          .create(
              empty,
              disk.length,
              Qcow2CreatorCreationCodec.CODEC.parse(OptionSource.of("-o", options, "")));
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
              file.note(new Stored(bitmaps(node)));
            });
      }
      int cuts = Integer.getInteger("kasuari.block.cuts", 40);
      for (int i = 0; i < cuts; i++) {
        int cut = random.nextInt(file.events.size() + 1);
        long seed = random.nextLong();
        try {
          examine(start, file.events, cut, new Random(seed));
        } catch (Throwable e) {
          throw new AssertionError(options + ", cut at " + cut + ", seed " + seed, e);
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
        case 4 -> {
          if (random.nextBoolean()) {
            ((ImageNode) node).createSnapshot("s" + random.nextInt(1000), 1, 0);
          } else if (!((ImageNode) node).snapshots().isEmpty()) {
            ((ImageNode) node).deleteSnapshot(((ImageNode) node).snapshots().getFirst().id());
          }
        }
        case 5 -> compressed(file, (ImageNode) node, offset);
        case 6 -> changeBitmaps(node);
        default -> {
          byte[] bytes = new byte[length];
          random.nextBytes(bytes);
          ask(file, offset, bytes);
          TestImages.write(node, offset, disk, offset, length);
        }
      }
    }

    private void changeBitmaps(BlockNode node) {
      if (options.contains("0.10")) {
        return;
      }
      List<DirtyBitmap> all = node.bitmaps().all();
      if (all.isEmpty() || (all.size() < 3 && random.nextBoolean())) {
        String name = "b" + random.nextInt(1000) + "x".repeat(random.nextInt(300));
        if (node.bitmaps().find(name) == null) {
          node.addPersistentBitmap(name, 512L << random.nextInt(4));
        }
        return;
      }
      DirtyBitmap one = all.get(random.nextInt(all.size()));
      switch (one.inconsistent() ? 0 : random.nextInt(3)) {
        case 0 -> node.bitmaps().remove(one.name());
        case 1 -> one.clear();
        default -> one.enable(!one.enabled());
      }
    }

    private void compressed(RecordingNode file, ImageNode node, int offset) {
      int unit = node.facts().clusterSize();
      int start = offset / unit * unit;
      int length = Math.min(unit, disk.length - start);
      byte[] bytes = new byte[length];
      Arrays.fill(bytes, (byte) random.nextInt());
      ask(file, start, bytes);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment from = arena.allocate(length);
        from.copyFrom(MemorySegment.ofArray(bytes));
        node.writeCompressed(start, from);
      }
    }

    private void ask(RecordingNode file, int offset, byte[] bytes) {
      file.note(new Asked(offset, bytes));
      System.arraycopy(bytes, 0, disk, offset, bytes.length);
    }

    private void examine(byte[] start, List<RecordingNode.Event> events, int cut, Random chance) {
      byte[] image = RecordingNode.afterCut(start, events, cut, chance);
      var file = new RecordingNode(image);
      with(
          file,
          Access.write(),
          node -> {
            var lines = new ArrayList<String>();
            if (options.contains("0.10")) { // flags may be more careful than counts
              ((ImageNode) node).check(CheckResult.Repair.ALL, lines::add);
            }
            CheckResult result = ((ImageNode) node).check(CheckResult.Repair.NONE, lines::add);
            assertThat(result.corruptions()).as(lines.toString()).isZero();
            compare(node, events, cut);
            compareBitmaps(node, events, cut);
          });
    }

    /** What a bitmap says is what it said when the image was closed, before or around the cut. */
    private static void compareBitmaps(BlockNode node, List<RecordingNode.Event> events, int cut) {
      var known = new ArrayList<Map<String, String>>();
      for (RecordingNode.Event event : events) {
        if (event instanceof RecordingNode.Note(Stored(Map<String, String> bitmaps))) {
          known.add(bitmaps);
          if (events.indexOf(event) >= cut) {
            break;
          }
        }
      }
      List<Map<String, String>> last = known.subList(Math.max(0, known.size() - 2), known.size());
      bitmaps(node)
          .forEach((name, state) ->
              assertThat(last.stream().map(b -> b.get(name))).as(name).contains(state));
    }

    private static void compare(BlockNode node, List<RecordingNode.Event> events, int cut) {
      int size = (int) node.size();
      byte[] now = new byte[size];
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment bytes = arena.allocate(size);
        node.read(0, bytes);
        MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, 0, now, 0, size);
      }
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
          int here = at;
          boolean wanted =
              asked.stream()
                  .anyMatch(a ->
                      a.offset <= here
                          && here < a.offset + a.bytes.length
                          && Arrays.equals(
                              sector,
                              Arrays.copyOfRange(
                                  a.bytes,
                                  (int) (here - a.offset),
                                  (int) (here - a.offset) + SECTOR)));
          assertThat(wanted).as("sector at " + at + " is neither as flushed nor as asked").isTrue();
        }
      }
    }

    private static void with(RecordingNode file, Access access, Consumer<BlockNode> work) {
      var graph = new BlockGraph();
      BlockNode node =
          graph.open(OptionSource.of("", "driver=qcow2", ""), access, Map.of("file", file));
      Child use = graph.use("test", node, BlockGraph.takenBy(access), BlockGraph.sharedBy(access));
      try {
        work.accept(node);
      } finally {
        graph.release(use);
      }
    }
  }
}
