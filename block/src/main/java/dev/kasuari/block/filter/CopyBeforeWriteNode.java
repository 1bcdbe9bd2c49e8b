package dev.kasuari.block.filter;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Permission;
import dev.kasuari.block.RangeLocks;
import dev.kasuari.block.Zeroes;
import dev.kasuari.block.bitmap.Bitmaps;
import dev.kasuari.block.bitmap.DirtyBitmap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps in another node what a disk was at a moment: clusters are copied there before they are
 * overwritten, or by whoever asks for it. What is still to be copied is in {@link #todo}.
 */
public final class CopyBeforeWriteNode extends FilterNode {
  /** What is broken where a copy fails. */
  public enum OnError {
    /** The write that would have destroyed what is not copied fails. */
    BREAK_GUEST_WRITE,
    /** The copy is no good any more; the write goes on. */
    BREAK_SNAPSHOT
  }

  private final BlockNode target;
  private final @Nullable ImageNode compressing;
  private final OnError onError;
  private final DirtyBitmap todo;
  private final long cluster;
  private final RangeLocks ranges = new RangeLocks();
  private volatile @Nullable BlockException failure;

  /**
   * One that a program makes, to be put over {@code source}. Nothing is to be copied yet.
   *
   * @param most the largest cluster, bytes
   */
  public CopyBeforeWriteNode(
      String name,
      BlockNode source,
      BlockNode target,
      boolean compress,
      OnError onError,
      int most) {
    super(name, "copy-before-write", source.access());
    this.target = target;
    this.onError = onError;
    cluster = cluster(target, most);
    compressing = compress ? compressing(target) : null;
    todo = new Bitmaps().add("todo", cluster, false, source.size());
    todo.enable(false);
  }

  /** One that options describe: all is to be kept. */
  CopyBeforeWriteNode(Opening opening, BlockNode source, BlockNode target, OnError onError) {
    super(opening, source);
    this.target = target;
    this.onError = onError;
    cluster = cluster(target, 1 << 20);
    compressing = null;
    todo = new Bitmaps().add("todo", cluster, false, source.size());
    todo.enable(false);
    todo.mark(0, source.size());
  }

  private static long cluster(BlockNode target, int most) {
    int own = target.image() instanceof ImageNode image ? image.facts().clusterSize() : 0;
    return Math.clamp(own, 65536, most);
  }

  private static ImageNode compressing(BlockNode target) {
    if (target.image() instanceof ImageNode image && image.compresses()) {
      return image;
    }
    throw BlockException.invalid("Compression is not supported for this drive");
  }

  /** What has not been copied yet and must be. */
  public DirtyBitmap todo() {
    return todo;
  }

  /** Why the copy is no good any more, or null. */
  public @Nullable BlockException failure() {
    return failure;
  }

  @Override
  protected Set<Permission> filteredTakes(Set<Permission> taken) {
    Set<Permission> takes = EnumSet.of(Permission.CONSISTENT_READ);
    takes.addAll(taken);
    return takes;
  }

  @Override
  protected Set<Permission> filteredShares(Set<Permission> shared) {
    Set<Permission> shares = EnumSet.noneOf(Permission.class);
    shares.addAll(shared);
    if (!users().isEmpty()) {
      shares.remove(Permission.WRITE); // who writes past this node destroys what is to be kept
      shares.remove(Permission.RESIZE);
    }
    return shares;
  }

  /** Copies what of a range is still to be copied. */
  public void copy(long offset, long length) {
    long end = Math.min(offset + length, todo.size());
    DirtyBitmap.Range next = todo.next(offset / cluster * cluster, cluster);
    while (next != null && next.offset() < end) {
      long start = next.offset() / cluster * cluster;
      RangeLocks.Range range = ranges.hold(start, start + cluster, true);
      try {
        if (todo.dirty(start)) {
          copyCluster(start);
          todo.clean(start, cluster);
        }
      } finally {
        ranges.release(range);
      }
      next = todo.next(start + cluster, cluster);
    }
  }

  private void copyCluster(long start) {
    long length = Math.min(cluster, todo.size() - start);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length, 4096);
      below().read(start, bytes);
      if (Zeroes.all(bytes)) {
        target.writeZeroes(start, length, true);
      } else if (compressing != null) {
        compressing.writeCompressed(start, bytes);
      } else {
        target.write(start, bytes);
      }
    }
  }

  private void before(long offset, long length) {
    if (failure != null) {
      return;
    }
    try {
      copy(offset, length);
    } catch (BlockException e) {
      if (onError == OnError.BREAK_GUEST_WRITE) {
        throw e;
      }
      failure = e;
    }
  }

  /** Reads what the disk was. */
  void readKept(long offset, MemorySegment to) {
    BlockException broken = failure;
    if (broken != null) {
      throw broken.in("the copy is not complete");
    }
    long end = offset + to.byteSize();
    for (long at = offset; at < end; ) {
      long start = at / cluster * cluster;
      long n = Math.min(end, start + cluster) - at;
      MemorySegment part = to.asSlice(at - offset, n);
      RangeLocks.Range range = ranges.hold(start, start + cluster, false);
      try {
        (todo.dirty(start) ? below() : target).read(at, part);
      } finally {
        ranges.release(range);
      }
      at += n;
    }
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    before(offset, from.byteSize());
    super.writeAt(offset, from);
  }

  @Override
  protected void writeCompressedAt(long offset, MemorySegment from) {
    before(offset, from.byteSize());
    passCompressed(offset, from);
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    before(offset, length);
    super.zeroAt(offset, length, mayUnmap);
  }

  @Override
  protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
    before(offset, length);
    return below().zeroQuickly(offset, length, mayUnmap);
  }

  @Override
  protected void discardAt(long offset, long length) {
    before(offset, length);
    super.discardAt(offset, length);
  }
}
