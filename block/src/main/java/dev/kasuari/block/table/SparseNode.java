package dev.kasuari.block.table;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Opening;
import java.lang.foreign.MemorySegment;

/** An image that is one {@link SparseDisk}. */
public abstract class SparseNode extends BlockNode implements ImageNode {
  private final boolean hasBacking;

  /**
   * A node.
   *
   * @param hasBacking what the disk does not have is not zero
   */
  protected SparseNode(Opening opening, boolean hasBacking) {
    super(opening);
    this.hasBacking = hasBacking;
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
