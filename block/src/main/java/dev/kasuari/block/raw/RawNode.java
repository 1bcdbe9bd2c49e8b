package dev.kasuari.block.raw;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Preallocation;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The bytes of a node, or a part of them. */
final class RawNode extends BlockNode {
  private volatile BlockNode file;
  private volatile GuessedHead head;
  private final long begin;
  private final @Nullable Long fixedSize;

  RawNode(Opening opening, BlockNode file, RawDriver.Raw options) {
    super(opening);
    this.file = file;
    head = new GuessedHead(file);
    begin = options.offset();
    fixedSize = options.size();
    long there = file.size();
    if (begin > there) {
      throw BlockException.invalid(
          "Offset ("
              + begin
              + ") cannot be greater than size of the containing file ("
              + there
              + ")");
    }
    if (fixedSize != null && fixedSize > there - begin) {
      throw BlockException.invalid(
          "The sum of offset ("
              + begin
              + ") and size ("
              + fixedSize
              + ") has to be smaller or equal to the  actual size of the containing file ("
              + there
              + ")");
    }
  }

  private boolean guarded(long offset) {
    return isGuessed() && GuessedHead.has(begin + offset);
  }

  @Override
  public long size() {
    return fixedSize != null ? fixedSize : file.size() - begin;
  }

  @Override
  public boolean growsAsZeroes() {
    return file.growsAsZeroes();
  }

  @Override
  protected void accessChanging(Access to) {}

  @Override
  protected void childChanged(String slot, @Nullable BlockNode node) {
    if (node == null) {
      super.childChanged(slot, node);
    } else {
      file = node;
      head = new GuessedHead(node);
    }
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    file.event("read_aio");
    file.read(begin + offset, to);
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    file.event("write_aio");
    if (guarded(offset)) {
      head.write(begin + offset, from);
    } else {
      file.write(begin + offset, from);
    }
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    if (guarded(offset)) {
      head.writeZeroes(begin + offset, length, mayUnmap);
    } else {
      file.writeZeroes(begin + offset, length, mayUnmap);
    }
  }

  @Override
  protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
    return guarded(offset)
        ? head.zeroQuickly(begin + offset, length, mayUnmap)
        : file.zeroQuickly(begin + offset, length, mayUnmap);
  }

  @Override
  protected void discardAt(long offset, long length) {
    file.discard(begin + offset, length);
  }

  @Override
  protected void flushNow() {
    file.flush();
  }

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    BlockStatus below = file.status(begin + offset, length);
    return new BlockStatus(below.length(), below.data(), below.zero(), true, begin + offset, false);
  }

  @Override
  protected void truncateTo(long size, Preallocation preallocation) {
    if (fixedSize != null) {
      throw BlockException.notSupported("Cannot resize fixed-size raw disks");
    }
    file.truncate(begin + size, preallocation);
  }
}
