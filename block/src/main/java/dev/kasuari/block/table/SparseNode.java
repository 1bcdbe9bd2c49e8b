package dev.kasuari.block.table;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Opening;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** An image that is one {@link SparseDisk}. */
public abstract class SparseNode extends BlockNode implements ImageNode {
  private final boolean hasBacking;
  private volatile @Nullable BlockNode backing;

  /** A node with nothing behind it. */
  protected SparseNode(Opening opening) {
    this(opening, false, null);
  }

  /**
   * A node.
   *
   * @param hasBacking what the disk does not have is not zero
   * @param backing what has it; null if that is not open
   */
  protected SparseNode(Opening opening, boolean hasBacking, @Nullable BlockNode backing) {
    super(opening);
    this.hasBacking = hasBacking;
    this.backing = backing;
  }

  /** What has the bytes that the disk does not have. */
  protected final SparseDisk.@Nullable Behind behindDisk() {
    return hasBacking ? this::readBehind : null;
  }

  private void readBehind(long offset, MemorySegment to) {
    SparseDisk.Behind behind = SparseDisk.behind(backing, 0);
    if (behind == null) {
      to.fill((byte) 0);
    } else {
      behind.read(offset, to);
    }
  }

  @Override
  protected void childChanged(String slot, @Nullable BlockNode node) {
    if (!hasBacking || !slot.equals("backing")) {
      super.childChanged(slot, node);
    }
    backing = node;
  }

  /** Its disk. */
  protected abstract SparseDisk disk();

  @Override
  public boolean growsAsZeroes() {
    return !hasBacking;
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    disk().read(offset, to);
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    disk().write(offset, from);
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    disk().zero(offset, length, mayUnmap);
  }

  @Override
  protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
    return disk().zeroQuickly(offset, length, mayUnmap);
  }

  @Override
  protected void discardAt(long offset, long length) {
    if (!hasBacking) {
      disk().zero(offset, length, true);
    }
  }

  @Override
  protected void flushNow() {
    disk().flush();
  }

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    return disk().status(offset, length);
  }

  @Override
  protected void closeNow() {
    try {
      if (writable()) {
        closeImage();
      }
    } finally {
      disk().close();
    }
  }

  /**
   * Leaves the image as it shall be found.
   *
   * @throws BlockException if it cannot be written
   */
  protected void closeImage() {
    disk().flush();
  }
}
