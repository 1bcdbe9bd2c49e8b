package dev.kasuari.block.vpc;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.Json;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/** An image whose bytes are the disk's, with a footer behind them. */
final class FixedNode extends BlockNode implements ImageNode {
  private final BlockNode file;
  private final long size;

  FixedNode(Opening opening, BlockNode file, long size) {
    super(opening);
    this.file = file;
    this.size = size;
    if (size > file.size() - Footer.SIZE) {
      throw BlockException.invalid(
          "vpc: a fixed disk of %d bytes in a file of %d".formatted(size, file.size()));
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public boolean growsAsZeroes() {
    return file.growsAsZeroes();
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    file.read(offset, to);
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    file.write(offset, from);
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    file.writeZeroes(offset, length, mayUnmap);
  }

  @Override
  protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
    return file.zeroQuickly(offset, length, mayUnmap);
  }

  @Override
  protected void discardAt(long offset, long length) {
    file.discard(offset, length);
  }

  @Override
  protected void flushNow() {
    file.flush();
  }

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    BlockStatus below = file.status(offset, length);
    return new BlockStatus(below.length(), true, below.zero(), true, offset, false);
  }

  @Override
  public Facts facts() {
    return new Facts(0, false, false, null, null, new Json.Members(Map.of()));
  }
}
