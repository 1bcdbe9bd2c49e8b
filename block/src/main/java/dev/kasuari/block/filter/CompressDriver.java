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
      throw BlockException.notSupported("Compression is not supported under the filter");
    }
    return new Node(opening, file, image);
  }

  private static final class Node extends FilterNode {
    private final long cluster;
    private final ImageNode image;
    private final RangeLocks ranges = new RangeLocks();

    Node(Opening opening, BlockNode file, ImageNode image) {
      super(opening, file);
      this.image = image;
      cluster = image.facts().clusterSize();
    }

    @Override
    protected void writeAt(long offset, MemorySegment from) {
      long end = offset + from.byteSize();
      for (long at = offset; at < end; ) {
        long start = at / cluster * cluster;
        long n = Math.min(end, start + cluster) - at;
        one(start, at - start, from.asSlice(at - offset, n));
        at += n;
      }
    }

    private void one(long start, long within, MemorySegment from) {
      long length = Math.min(cluster, size() - start);
      RangeLocks.Range range = ranges.hold(start, start + length, true);
      try {
        if (from.byteSize() == length) {
          image.writeCompressed(start, from);
          return;
        }
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment whole = arena.allocate(length);
          readAt(start, whole);
          whole.asSlice(within, from.byteSize()).copyFrom(from);
          image.writeCompressed(start, whole);
        }
      } finally {
        ranges.release(range);
      }
    }
  }
}
