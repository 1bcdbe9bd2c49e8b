package dev.kasuari.block.vpc;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.block.table.SectorBitmap;
import dev.kasuari.block.table.TablePages;

/**
 * Where each sector of a differencing image is: in its block if its bit before the block is set,
 * otherwise in the image behind ("Data Block", "Implementing a Differencing Hard Disk").
 */
final class SectorMap extends SectorBitmap {
  static final int SECTOR = 512;

  private final BlockNode file;
  private final SparseHeader header;
  private final AllocationTable blocks;
  private final TablePages pages;

  SectorMap(BlockNode file, SparseHeader header, AllocationTable blocks, TablePages pages) {
    super(header.blockSize(), SECTOR);
    this.file = file;
    this.header = header;
    this.blocks = blocks;
    this.pages = pages;
  }

  @Override
  protected Entry block(long block) {
    Entry entry = blocks.get(block);
    return entry.kind() == Kind.DATA ? entry : Entry.ABSENT;
  }

  @Override
  protected boolean partial(long block) {
    return true;
  }

  /** Where the 32 bits are of which one is a sector's; the highest is the first. */
  private long at(long index) {
    long data = blocks.get(index / perBlock).offset();
    return data - header.bitmapSize() + index % perBlock / 32 * 4;
  }

  @Override
  protected int bits(long index) {
    return Integer.reverse(pages.getInt(at(index)));
  }

  @Override
  protected void setBits(long index, int bits) {
    pages.setInt(at(index), Integer.reverse(bits));
  }

  /** A block of which no sector is there. Its empty bitmap is in the file before its entry is. */
  @Override
  protected long makeBlock(long block) {
    long data = blocks.place(block);
    long bitmap = data - header.bitmapSize();
    FileBytes.write(file, bitmap, new byte[header.bitmapSize()]);
    for (int at = 0; at < header.bitmapSize(); at += 4) {
      pages.setInt(bitmap + at, 0); // what was known of these bytes is the old footer
    }
    blocks.link(block, data);
    return data;
  }

  @Override
  public void beforeLinks() {
    blocks.beforeLinks();
  }
}
