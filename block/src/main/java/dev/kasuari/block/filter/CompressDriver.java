package dev.kasuari.block.filter;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Opening;
import dev.kasuari.block.RangeLocks;
import dev.kasuari.qapi.Options;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** {@code compress}: what is written is written compressed. */
public final class CompressDriver extends FilterDriver<CompressDriver.Compress> {
  /** Nothing to choose. */
  @Options
  public record Compress() {}

  /** The driver. */
  public CompressDriver() {
    super("compress", "writes compressed clusters", CompressDriverCompressCodec.CODEC, "file");
  }

  @Override
  public BlockNode open(Compress options, Opening opening) {
    BlockNode file = opening.filtered("file");
    if (!(file.image() instanceof ImageNode image) || !image.compresses()) {
      throw BlockException.notSupported(
          "Compression is not supported for underlying format: " + file.image().driver());
    }
    return new Node(opening, file);
  }

  /**
   * Writes whole clusters: what a write has only part of is read first. What is beneath may change
   * from one request to the next, with filters of jobs between this one and the image.
   */
  private static final class Node extends FilterNode {
    private record Unit(BlockNode image, long bytes) {
      static Unit of(BlockNode node) {
        return new Unit(
            node,
            node instanceof ImageNode image && image.compresses()
                ? image.facts().clusterSize()
                : 1);
      }
    }

    private final RangeLocks ranges = new RangeLocks();
    private volatile Unit unit;

    Node(Opening opening, BlockNode file) {
      super(opening, file);
      unit = Unit.of(file.image());
    }

    /** Bytes that are compressed together; 1 if the image is one now that does not compress. */
    private long cluster() {
      BlockNode image = below().image();
      Unit known = unit;
      if (!image.equals(known.image)) {
        known = Unit.of(image);
        unit = known;
      }
      return known.bytes;
    }

    @Override
    protected void writeAt(long offset, MemorySegment from) {
      long cluster = cluster();
      if (cluster == 1) {
        super.writeAt(offset, from);
        return;
      }
      long end = offset + from.byteSize();
      for (long at = offset; at < end; ) {
        long start = at / cluster * cluster;
        long n = Math.min(end, start + cluster) - at;
        one(start, cluster, at - start, from.asSlice(at - offset, n));
        at += n;
      }
    }

    private void one(long start, long cluster, long within, MemorySegment from) {
      long length = Math.min(cluster, size() - start);
      alone(
          start,
          length,
          () -> {
            if (from.byteSize() == length) {
              passCompressed(start, from);
              return;
            }
            try (Arena arena = Arena.ofConfined()) {
              MemorySegment whole = arena.allocate(length);
              readAt(start, whole);
              whole.asSlice(within, from.byteSize()).copyFrom(from);
              passCompressed(start, whole);
            }
          });
    }

    @Override
    protected void zeroAt(long offset, long length, boolean mayUnmap) {
      alone(offset, length, () -> super.zeroAt(offset, length, mayUnmap));
    }

    @Override
    protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
      boolean[] quick = new boolean[1];
      alone(offset, length, () -> quick[0] = below().zeroQuickly(offset, length, mayUnmap));
      return quick[0];
    }

    @Override
    protected void discardAt(long offset, long length) {
      alone(offset, length, () -> super.discardAt(offset, length));
    }

    /** While no other request writes to clusters of which it has bytes. */
    private void alone(long offset, long length, Runnable change) {
      long cluster = cluster();
      long end = (offset + length + cluster - 1) / cluster * cluster;
      RangeLocks.Range range = ranges.hold(offset / cluster * cluster, end, true);
      try {
        change.run();
      } finally {
        ranges.release(range);
      }
    }
  }
}
