package dev.kasuari.block.filter;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Extent;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Permission;
import dev.kasuari.block.RangeLocks;
import dev.kasuari.block.Zeroes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes into the image what it reads from those behind it, also that there is nothing. */
public final class CopyOnReadNode extends FilterNode {
  private static final int CHUNK = 1 << 20;

  private final @Nullable BlockNode base;
  private final boolean holes;
  private final long cluster;

  /** Copies hold their range alone; writes of guests go together. */
  private final RangeLocks ranges = new RangeLocks();

  CopyOnReadNode(Opening opening, BlockNode file, @Nullable BlockNode base) {
    super(opening, file);
    this.base = base;
    holes = base == null;
    cluster = cluster(file);
  }

  /**
   * One that a program makes, to be put over {@code file}. What no image has is not copied.
   *
   * @param base what only this one and those behind it have is not copied; null for nothing
   */
  public CopyOnReadNode(String name, BlockNode file, @Nullable BlockNode base) {
    super(name, "copy-on-read", file.access());
    this.base = base;
    holes = false;
    cluster = cluster(file);
  }

  private static long cluster(BlockNode file) {
    int size = file.image() instanceof ImageNode image ? image.facts().clusterSize() : 0;
    return size == 0 ? 65536 : size;
  }

  @Override
  protected Set<Permission> filteredTakes(Set<Permission> taken) {
    Set<Permission> takes = EnumSet.of(Permission.WRITE_UNCHANGED);
    takes.addAll(taken);
    return takes;
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    long end = offset + to.byteSize();
    for (long at = offset; at < end; ) {
      Extent run = Extent.at(below(), at, end - at, base);
      MemorySegment part = to.asSlice(at - offset, run.length());
      boolean behind = run.present() ? run.depth() > 0 : holes;
      if (behind) {
        copied(at, part);
      } else {
        super.readAt(at, part);
      }
      at += run.length();
    }
  }

  private void copied(long offset, MemorySegment to) {
    long size = to.byteSize();
    long limit = size();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(Math.max(CHUNK, cluster));
      for (long done = 0; done < size; ) {
        long start = (offset + done) / cluster * cluster;
        long wanted = (offset + size - start + cluster - 1) / cluster * cluster;
        long length = Math.min(Math.min(wanted, buffer.byteSize()), limit - start);
        long within = offset + done - start;
        long n = Math.min(length - within, size - done);
        copy(start, buffer.asSlice(0, length));
        MemorySegment.copy(buffer, within, to, done, n);
        done += n;
      }
    }
  }

  private void copy(long start, MemorySegment clusters) {
    RangeLocks.Range range = ranges.hold(start, start + clusters.byteSize(), true);
    try {
      super.readAt(start, clusters);
      // What somebody wrote meanwhile is in the image already, and part of what was read.
      event("cor_write");
      if (Zeroes.all(clusters)) {
        below().writeZeroes(start, clusters.byteSize(), false);
      } else {
        below().write(start, clusters);
      }
    } finally {
      ranges.release(range);
    }
  }

  private void shared(long offset, long length, Runnable work) {
    RangeLocks.Range range = ranges.hold(offset, offset + length, false);
    try {
      work.run();
    } finally {
      ranges.release(range);
    }
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    shared(offset, from.byteSize(), () -> super.writeAt(offset, from));
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    shared(offset, length, () -> super.zeroAt(offset, length, mayUnmap));
  }

  @Override
  protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
    RangeLocks.Range range = ranges.hold(offset, offset + length, false);
    try {
      return below().zeroQuickly(offset, length, mayUnmap);
    } finally {
      ranges.release(range);
    }
  }

  @Override
  protected void discardAt(long offset, long length) {
    shared(offset, length, () -> super.discardAt(offset, length));
  }
}
