package dev.kasuari.block.vhdx;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.SectorBitmap;
import dev.kasuari.block.table.TablePages;
import java.util.List;

/**
 * Where each sector of a differencing image is: in its block if that is all there, or if it is
 * partially and the sector's bit in a bitmap block is set; otherwise in the image behind ([MS-VHDX]
 * 2.4, "Blocks").
 */
final class SectorMap extends SectorBitmap {
  private final BlockNode file;
  private final Regions regions;
  private final BlockTable blocks;
  private final TablePages pages;

  SectorMap(BlockNode file, Regions regions, BlockTable blocks, TablePages pages) {
    super(regions.blockSize(), regions.sector());
    this.file = file;
    this.regions = regions;
    this.blocks = blocks;
    this.pages = pages;
  }

  @Override
  protected Entry block(long block) {
    return blocks.get(block);
  }

  @Override
  protected boolean partial(long block) {
    return BlockTable.state(blocks.entry(block)) == BlockTable.PARTIAL;
  }

  /** A bitmap has the bits of 8 Mi sectors. */
  private long at(long index) {
    return blocks.bitmap(index / perBlock) + index % (Structure.MEBIBYTE * 8L) / 32 * 4;
  }

  @Override
  protected int bits(long index) {
    return pages.getInt(at(index));
  }

  @Override
  protected void setBits(long index, int bits) {
    pages.setInt(at(index), bits);
  }

  /** A block that was zero is so until it is written; of others no sector is there. */
  @Override
  protected long makeBlock(long block) {
    boolean zero = blocks.get(block).kind() == Kind.ZERO;
    if (!zero && BlockTable.state(blocks.bitmapEntry(block)) != BlockTable.PRESENT) {
      long bitmap = blocks.room(Structure.MEBIBYTE);
      file.writeZeroes(bitmap, Structure.MEBIBYTE, true);
      blocks.linkBitmap(block, bitmap);
    }
    long data = blocks.room(regions.blockSize());
    file.writeZeroes(data, regions.blockSize(), true);
    if (!zero) {
      clearBits(block);
    }
    blocks.set(block, data | (zero ? BlockTable.PRESENT : BlockTable.PARTIAL));
    return data;
  }

  /** While a block is not there, its bits may be anything. */
  private void clearBits(long block) {
    long first = block * perBlock;
    for (long index = first; index < first + perBlock; index += 32) {
      if (bits(index) != 0) {
        setBits(index, 0);
      }
    }
  }

  /** Only whole blocks can be said to be zero. */
  @Override
  public boolean linkZeroes(long index, long count) {
    if (index % perBlock != 0 || count != perBlock) {
      return false;
    }
    blocks.set(index / perBlock, BlockTable.ZERO);
    return true;
  }

  @Override
  public void writeLinks(List<TablePages.Copy> changed) {
    blocks.writeLinks(changed);
  }
}
