package dev.kasuari.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.ImageAmender;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Snapshot;
import dev.kasuari.block.bitmap.DirtyBitmap;
import dev.kasuari.block.crypto.Secrets;
import dev.kasuari.block.testing.CrashRun;
import dev.kasuari.block.testing.RecordingNode;
import dev.kasuari.block.testing.TestImages;
import dev.kasuari.qapi.OptionSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Cuts the power while qcow2 images and their bitmaps are changed: see {@link CrashRun}. */
@Tag("fast")
class Qcow2CrashTest {
  private static final String[] OPTIONS = {
    "cluster_size=512",
    "cluster_size=4096",
    "cluster_size=65536",
    "cluster_size=512,refcount_bits=64",
    "cluster_size=1024,lazy_refcounts=on",
    "cluster_size=16384,extended_l2=on",
    "cluster_size=4096,compat=0.10",
    "cluster_size=4096,encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=1",
    "cluster_size=4096,data_file=DATA",
    "cluster_size=65536,data_file=DATA,data_file_raw=on",
  };

  @TestFactory
  Stream<DynamicTest> whatWasFlushedIsThere() {
    return CrashRun.seeds(20, seed -> new Run(seed, false));
  }

  /** Bitmaps come and go, are cleared, merged, and seldom look away. */
  @TestFactory
  Stream<DynamicTest> bitmapsAreTrue() {
    return CrashRun.seeds(30, seed -> new Run(seed, true));
  }

  /** What bitmaps say when the image is closed. */
  private record Stored(Map<String, Known> bitmaps) {}

  /**
   * What a bitmap says.
   *
   * @param clean what the disk has where the bitmap is clean
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Known(String ranges, byte[] clean) {}

  private static String ranges(DirtyBitmap bitmap) {
    var text = new StringBuilder(bitmap.enabled() + ":" + bitmap.granularity());
    DirtyBitmap.Range range = bitmap.next(0, Long.MAX_VALUE);
    while (range != null) {
      text.append(' ').append(range.offset()).append('+').append(range.length());
      range = bitmap.next(range.offset() + range.length(), Long.MAX_VALUE);
    }
    return text.toString();
  }

  private static final class Run extends CrashRun {
    private final boolean old;
    private final boolean simple;
    private final boolean onlyBitmaps;

    /** What each snapshot has. */
    private final Map<String, byte[]> snapshots = new TreeMap<>();

    /** What the disk had when each bitmap was clean, or did not look. */
    private final Map<String, byte[]> clean = new TreeMap<>();

    Run(int seed, boolean onlyBitmaps) {
      super("qcow2", OPTIONS[seed % OPTIONS.length], seed, 1600);
      String options = OPTIONS[seed % OPTIONS.length];
      old = options.contains("0.10");
      this.onlyBitmaps = onlyBitmaps;
      simple = options.contains("DATA");
    }

    @Override
    protected void special(RecordingNode file, BlockNode node, int offset) {
      ImageNode image = (ImageNode) node;
      switch (onlyBitmaps ? 2 : random.nextInt(3)) {
        case 0 -> changeSnapshots(file, image);
        case 1 -> {
          if (!simple && image.compresses()) {
            compressed(file, image, offset);
          }
        }
        default -> changeBitmaps(node);
      }
    }

    @Override
    protected boolean resizes() {
      return true;
    }

    private void changeSnapshots(RecordingNode file, ImageNode image) {
      List<Snapshot> there = image.snapshots();
      if (simple) { // no snapshots with a data file
        return;
      }
      boolean marked = !((BlockNode) image).bitmaps().all().isEmpty();
      switch (there.isEmpty() ? 0 : random.nextInt(marked ? 2 : 3)) {
        case 0 -> {
          String name = "s" + snapshots.size();
          snapshots.put(name, disk.clone());
          image.createSnapshot(name, 1, 0);
        }
        case 1 -> image.deleteSnapshot(there.get(random.nextInt(there.size())).id());
        default -> {
          Snapshot one = there.get(random.nextInt(there.size()));
          becomes(file, Objects.requireNonNull(snapshots.get(one.name())));
          image.applySnapshot(one.id());
        }
      }
    }

    private void amend(BlockNode node) {
      String change =
          switch (random.nextInt(4)) {
            case 0 -> "compat=1.1,refcount_bits=" + (8 << random.nextInt(4));
            case 1 -> "compat=1.1,lazy_refcounts=" + (random.nextBoolean() ? "on" : "off");
            case 2 -> "compat=1.1";
            default -> "refcount_bits=16,compat=0.10";
          };
      var amender = new Qcow2Amender();
      try {
        amender.amend(
            node,
            amender.options().parse(OptionSource.of("-o", change, "")),
            new ImageAmender.How(new Secrets(), false, now -> {}));
      } catch (BlockException e) { // what it has does not go with that
        assertThat(e.kind()).isIn(BlockException.Kind.NOT_SUPPORTED, BlockException.Kind.INVALID);
      }
    }

    private void changeBitmaps(BlockNode node) {
      if (!((ImageNode) node).keepsBitmaps()) {
        return;
      }
      List<DirtyBitmap> all = node.bitmaps().all();
      if (all.isEmpty() || (all.size() < 3 && random.nextBoolean())) {
        String name = "b" + random.nextInt(1000) + "x".repeat(random.nextInt(300));
        if (node.bitmaps().find(name) == null) {
          node.addPersistentBitmap(name, 512L << random.nextInt(4));
          clean.put(name, disk.clone());
        }
        return;
      }
      DirtyBitmap one = all.get(random.nextInt(all.size()));
      switch (random.nextInt(4)) {
        case 0 -> node.bitmaps().remove(one.name());
        case 1 -> {
          one.clear();
          clean.put(one.name(), disk.clone());
        }
        case 2 -> one.merge(all.get(random.nextInt(all.size())));
        default -> {
          one.enable(!one.enabled());
          sawNothing(one);
        }
      }
    }

    /** What is clean is as it is now. */
    private void sawNothing(DirtyBitmap bitmap) {
      byte[] then = Objects.requireNonNull(clean.get(bitmap.name()));
      for (int at = 0; at < disk.length && bitmap.enabled(); at += 512) {
        if (!bitmap.dirty(at)) {
          System.arraycopy(disk, at, then, at, 512);
        }
      }
    }

    @Override
    protected void resized() {
      clean.replaceAll((name, then) -> Arrays.copyOf(then, disk.length));
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

    @Override
    protected void beforeClose(RecordingNode file, BlockNode node) {
      var all = new TreeMap<String, Known>();
      for (DirtyBitmap bitmap : node.bitmaps().all()) {
        byte[] then = Objects.requireNonNull(clean.get(bitmap.name()));
        all.put(bitmap.name(), new Known(ranges(bitmap), then.clone()));
      }
      file.note(new Stored(all));
      if (random.nextBoolean()) {
        amend(node);
      }
    }

    @Override
    protected void beforeCheck(ImageNode node) {
      if (old || !node.keepsBitmaps()) { // flags may be more careful than counts
        node.check(CheckResult.Repair.ALL, line -> {});
      }
    }

    /** A snapshot that is there has what the disk had when it was made. */
    private void compareSnapshot(ImageNode image) {
      List<Snapshot> there = image.snapshots();
      if (!there.isEmpty()) {
        Snapshot one = there.get(image.facts().clusterSize() % 7 % there.size());
        byte[] then = Objects.requireNonNull(snapshots.get(one.name()));
        BlockNode node = (BlockNode) image;
        node.bitmaps().all().forEach(bitmap -> node.bitmaps().remove(bitmap.name()));
        image.applySnapshot(one.id());
        assertThat(node.size()).isEqualTo(then.length);
        assertThat(TestImages.firstDifference(node, then)).as(one.name()).isEqualTo(-1);
      }
    }

    /**
     * A bitmap is the one with which the image was closed last, and where it is clean the disk is
     * as it was, or it says that nobody knows; it is gone only if it was removed.
     */
    @Override
    protected void compareMore(BlockNode node, List<RecordingNode.Event> events, int cut) {
      var closed = new ArrayList<Map<String, Known>>(List.of(Map.of(), Map.of()));
      for (RecordingNode.Event event : events.subList(0, cut)) {
        if (event instanceof RecordingNode.Note(Stored(Map<String, Known> bitmaps))) {
          closed.add(bitmaps);
        }
      }
      Map<String, Known> last = closed.getLast();
      byte[] now = TestImages.read(node, 0, node.size());
      for (DirtyBitmap bitmap : node.bitmaps().all()) {
        if (!bitmap.inconsistent()) {
          Known known = last.get(bitmap.name());
          assertThat(known).as(bitmap.name()).isNotNull();
          compare(bitmap, Objects.requireNonNull(known), now);
        }
      }
      closed.get(closed.size() - 2).keySet().stream()
          .filter(last::containsKey)
          .forEach(name -> assertThat(node.bitmaps().find(name)).as(name).isNotNull());
      compareSnapshot((ImageNode) node);
    }

    private static void compare(DirtyBitmap bitmap, Known known, byte[] now) {
      assertThat(ranges(bitmap)).as(bitmap.name()).isEqualTo(known.ranges);
      byte[] then = Arrays.copyOf(known.clean, now.length);
      for (int at = 0; at < now.length && bitmap.enabled(); at += 512) {
        if (!Arrays.equals(now, at, at + 512, then, at, at + 512)) {
          assertThat(bitmap.dirty(at)).as(bitmap.name() + " is dirty at " + at).isTrue();
        }
      }
    }
  }
}
