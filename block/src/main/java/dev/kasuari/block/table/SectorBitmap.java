package dev.kasuari.block.table;

/**
 * Where each sector of an image with another behind it is, where blocks have bits that say which of
 * their sectors are there. Bits are kept with the pages of the tables, so that they are written
 * when their sectors are on the medium.
 */
public abstract class SectorBitmap implements BlockMap {
  /** Sectors of a block. */
  protected final int perBlock;

  private final int sector;

  /**
   * A map.
   *
   * @param blockSize bytes of a block, 32 sectors or more
   * @param sector bytes of a sector
   */
  protected SectorBitmap(int blockSize, int sector) {
    perBlock = blockSize / sector;
    this.sector = sector;
  }

  /** What is said of a whole block: data if it has a place, all of it or in part. */
  protected abstract Entry block(long block);

  /** True if bits say which sectors of a block with a place are there. */
  protected abstract boolean partial(long block);

  /** The 32 bits of which one is a sector's; the lowest is that of the first sector. */
  protected abstract int bits(long index);

  /** Changes these bits. */
  protected abstract void setBits(long index, int bits);

  /** Gives a block a place, with all that its sectors which are not written are read as. */
  protected abstract long makeBlock(long block);

  @Override
  public Entry get(long index) {
    long block = index / perBlock;
    Entry entry = block(block);
    if (entry.kind() != Kind.DATA) {
      return entry;
    }
    boolean there = !partial(block) || (bits(index) >>> (index % 32) & 1) != 0;
    return there ? Entry.data(entry.offset() + index % perBlock * sector) : Entry.ABSENT;
  }

  @Override
  public long alike(long index) {
    long block = index / perBlock;
    if (block(block).kind() != Kind.DATA || !partial(block)) {
      return together(index);
    }
    int bits = bits(index) >> (index % 32); // what comes in from above is as the last bit
    int run = Integer.numberOfTrailingZeros((bits & 1) == 0 ? bits : ~bits);
    return Math.min(run, Math.min(32 - index % 32, together(index)));
  }

  @Override
  public long together(long index) {
    return perBlock - index % perBlock;
  }

  @Override
  public long place(long index) {
    long block = index / perBlock;
    Entry entry = block(block);
    long data = entry.kind() == Kind.DATA ? entry.offset() : makeBlock(block);
    return data + index % perBlock * sector;
  }

  @Override
  public void link(long index, long offset) {
    if (partial(index / perBlock)) {
      setBits(index, bits(index) | 1 << (index % 32));
    }
  }
}
