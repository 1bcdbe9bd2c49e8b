package dev.kasuari.block.vpc;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.BlockMap;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.block.table.TablePages;

/**
 * Where each sector of a differencing image is: in its block if its bit before the block is set,
 * otherwise in the image behind ("Data Block", "Implementing a Differencing Hard Disk"). Bits are
 * kept with the pages of the allocation table, so that they are written when their sectors are on
 * the medium.
 */
final class SectorMap implements BlockMap {
  static final int SECTOR = 512;

  private final BlockNode file;
  private final SparseHeader header;
  private final AllocationTable blocks;
  private final TablePages pages;
  private final int perBlock;

  SectorMap(BlockNode file, SparseHeader header, AllocationTable blocks, TablePages pages) {
    this.file = file;
    this.header = header;
    this.blocks = blocks;
    this.pages = pages;
    perBlock = header.blockSize() / SECTOR;
  }

  @Override
  public Entry get(long index) {
    Entry block = blocks.get(index / perBlock);
    if (block.kind() != Kind.DATA || !bit(block.offset(), index)) {
      return Entry.ABSENT;
    }
    return Entry.data(block.offset() + index % perBlock * SECTOR);
  }

  @Override
  public long alike(long index) {
    boolean there = blocks.get(index / perBlock).kind() == Kind.DATA;
    return there ? 1 : perBlock - index % perBlock;
  }

  /** Where the 32 bits are of which one is a sector's; the highest is the first. */
  private long bits(long data, long index) {
    return data - header.bitmapSize() + index % perBlock / 32 * 4;
  }

  private static int mask(long index) {
    return 1 << (31 - (int) (index % 32));
  }

  private boolean bit(long data, long index) {
    return (pages.getInt(bits(data, index)) & mask(index)) != 0;
  }

  @Override
  public long place(long index) {
    Entry block = blocks.get(index / perBlock);
    long data = block.kind() == Kind.DATA ? block.offset() : makeBlock(index / perBlock);
    return data + index % perBlock * SECTOR;
  }

  /** A block of which no sector is there. Its empty bitmap is in the file before its entry is. */
  private long makeBlock(long block) {
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
  public void link(long index, long offset) {
    long at = bits(offset - index % perBlock * SECTOR, index);
    pages.setInt(at, pages.getInt(at) | mask(index));
  }

  @Override
  public void beforeLinks() {
    blocks.beforeLinks();
  }
}
