package dev.kasuari.block.job;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.RangeLocks;
import dev.kasuari.block.bitmap.DirtyBitmap;
import dev.kasuari.block.filter.FilterNode;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Has each write end in the source and in its copy ({@code copy-mode=write-blocking}). */
final class MirrorNode extends FilterNode {
  private final BlockNode target;
  private final DirtyBitmap dirty;
  private final RangeLocks ranges;
  private volatile @Nullable BlockException failure;

  MirrorNode(
      String name, BlockNode source, BlockNode target, DirtyBitmap dirty, RangeLocks ranges) {
    super(name, "mirror_top", source.access());
    this.target = target;
    this.dirty = dirty;
    this.ranges = ranges;
  }

  /** Why a write did not reach the copy, or null; then its range is dirty. */
  @Nullable BlockException failure() {
    return failure;
  }

  private void both(long offset, long length, Runnable source, Runnable copy) {
    long unit = dirty.granularity();
    long start = offset / unit * unit;
    long end = (offset + length + unit - 1) / unit * unit;
    RangeLocks.Range range = ranges.hold(start, end, true);
    try {
      boolean head = start < offset && dirty.dirty(start);
      boolean tail = end > offset + length && dirty.dirty(end - unit);
      source.run();
      try {
        copy.run();
        dirty.clean(start, end - start);
        if (head) {
          dirty.mark(start, 1);
        }
        if (tail) {
          dirty.mark(end - unit, 1);
        }
      } catch (BlockException e) {
        failure = e; // it stays dirty, as the source has noted
      }
    } finally {
      ranges.release(range);
    }
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    both(
        offset,
        from.byteSize(),
        () -> super.writeAt(offset, from),
        () -> target.write(offset, from));
  }

  @Override
  protected void writeCompressedAt(long offset, MemorySegment from) {
    both(
        offset,
        from.byteSize(),
        () -> passCompressed(offset, from),
        () -> target.write(offset, from));
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    both(
        offset,
        length,
        () -> super.zeroAt(offset, length, mayUnmap),
        () -> target.writeZeroes(offset, length, mayUnmap));
  }

  /** What is discarded may read as anything, but as the same thing in both. */
  @Override
  protected void discardAt(long offset, long length) {
    super.discardAt(offset, length);
  }
}
