package dev.kasuari.block.filter;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Preallocation;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A node that shows another one as it is; filters override what they add to. */
public abstract class FilterNode extends BlockNode {
  private volatile @Nullable BlockNode below;

  /**
   * A filter that options describe.
   *
   * @param below what {@link Opening#filtered} has given
   */
  protected FilterNode(Opening opening, BlockNode below) {
    super(opening);
    this.below = below;
  }

  /** A filter that a program makes, to be put over a node by {@code BlockGraph.insert}. */
  protected FilterNode(String name, String driver, Access access) {
    super(name, driver, access);
  }

  /** What it is over. */
  protected final BlockNode below() {
    BlockNode node = below;
    if (node == null) {
      throw new IllegalStateException("filter " + name() + " is over nothing");
    }
    return node;
  }

  @Override
  protected void childChanged(String slot, @Nullable BlockNode node) {
    BlockNode filtered = filtered();
    if (node == null || node.equals(filtered) || filtered == null) {
      below = node;
    } else {
      super.childChanged(slot, node);
    }
  }

  @Override
  protected void accessChanging(Access to) {}

  @Override
  public String filename() {
    return below().filename();
  }

  @Override
  public long size() {
    return below().size();
  }

  @Override
  public boolean growsAsZeroes() {
    return below().growsAsZeroes();
  }

  @Override
  protected boolean grows() {
    return below().growsWhenWritten();
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    below().read(offset, to);
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    below().write(offset, from);
  }

  /**
   * Writes a whole cluster of the image beneath, or the last one as far as the disk goes. A filter
   * that adds to writes and says nothing here has it written as any other bytes, not compressed.
   */
  protected void writeCompressedAt(long offset, MemorySegment from) {
    write(offset, from);
  }

  /** Has such a cluster written compressed beneath this filter, if the image there can do that. */
  protected final void passCompressed(long offset, MemorySegment from) {
    requireWritable();
    try {
      switch (below()) {
        case FilterNode filter -> filter.writeCompressedAt(offset, from);
        case ImageNode image when image.compresses() -> image.writeCompressed(offset, from);
        case BlockNode other -> other.write(offset, from);
      }
    } finally {
      bitmaps().note(offset, from.byteSize());
    }
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    below().writeZeroes(offset, length, mayUnmap);
  }

  @Override
  protected void discardAt(long offset, long length) {
    below().discard(offset, length);
  }

  @Override
  protected void flushNow() {
    below().flush();
  }

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    return below().status(offset, length);
  }

  @Override
  protected void truncateTo(long size, Preallocation preallocation) {
    below().truncate(size, preallocation);
  }

  @Override
  public void event(String name) {
    below().event(name);
  }
}
