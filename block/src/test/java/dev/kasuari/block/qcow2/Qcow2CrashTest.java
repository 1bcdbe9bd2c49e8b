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
    return CrashRun.seeds(20, Run::new);
  }

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

  private static final class Run extends CrashRun {
    private final boolean old;
    private final boolean simple;

    /** What each snapshot has. */
    private final Map<String, byte[]> snapshots = new TreeMap<>();

    Run(int seed) {
      super("qcow2", OPTIONS[seed % OPTIONS.length], seed, 1600);
      String options = OPTIONS[seed % OPTIONS.length];
      old = options.contains("0.10");
      simple = options.contains("DATA");
    }

    @Override
    protected void special(RecordingNode file, BlockNode node, int offset) {
      ImageNode image = (ImageNode) node;
      switch (random.nextInt(3)) {
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

    @Override
    protected void beforeClose(RecordingNode file, BlockNode node) {
      file.note(new Stored(bitmaps(node)));
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

    /** What a bitmap says is what it said when the image was closed, before or around the cut. */
    @Override
    protected void compareMore(BlockNode node, List<RecordingNode.Event> events, int cut) {
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
      compareSnapshot((ImageNode) node);
    }
  }
}
