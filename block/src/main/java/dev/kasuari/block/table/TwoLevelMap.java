package dev.kasuari.block.table;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;

/**
 * A table of places of tables of places, 64 bits each. New tables and clusters are behind all that
 * the file has.
 */
public abstract class TwoLevelMap implements BlockMap {
  /** What a complaint begins with. */
  private final String format;

  protected final BlockNode file;
  protected final TablePages pages;
  private final long first;
  private final long perTable;
  private final long clusterSize;
  private long end;

  /**
   * A map.
   *
   * @param first where the first table is
   * @param perTable entries of each of the others
   */
  protected TwoLevelMap(
      String format,
      BlockNode file,
      TablePages pages,
      long first,
      long perTable,
      long clusterSize) {
    this.format = format;
    this.file = file;
    this.pages = pages;
    this.first = first;
    this.perTable = perTable;
    this.clusterSize = clusterSize;
    end = file.size();
  }

  /** What an entry that is not zero says. */
  protected abstract Entry decode(long index, long entry);

  /** The entry of a cluster that is at {@code offset}. */
  protected long encode(long offset) {
    return offset;
  }

  /** Where the entry of a cluster is, or 0 if it has no table. */
  protected final long entryOffset(long index) {
    long table = pages.getLong(first + index / perTable * 8);
    if (table == 0) {
      return 0;
    }
    if ((table & 7) != 0 || table < 0 || table > file.size() - perTable * 8) {
      throw BlockException.corrupt(
          format + ": a table of clusters at " + table + ", which is not in the file");
    }
    return table + index % perTable * 8;
  }

  @Override
  public Entry get(long index) {
    long at = entryOffset(index);
    long entry = at == 0 ? 0 : pages.getLong(at);
    return entry == 0 ? Entry.ABSENT : decode(index, entry);
  }

  @Override
  public long alike(long index) {
    return entryOffset(index) == 0 ? perTable - index % perTable : 1;
  }

  @Override
  public long place(long index) {
    makeTable(index);
    return append(clusterSize);
  }

  private synchronized long append(long bytes) {
    long offset = (end + clusterSize - 1) / clusterSize * clusterSize;
    end = offset + bytes;
    return offset;
  }

  /** Room for something that need not be aligned. */
  protected final synchronized long appendBytes(long bytes) {
    long offset = end;
    end += bytes;
    return offset;
  }

  private void makeTable(long index) {
    long entry = first + index / perTable * 8;
    if (pages.getLong(entry) == 0) {
      long bytes = perTable * 8;
      long table = append(bytes);
      file.writeZeroes(table, bytes, true);
      pages.setLong(entry, table);
    }
  }

  /** Changes an entry. */
  protected final void set(long index, long entry) {
    makeTable(index);
    pages.setLong(entryOffset(index), entry);
  }

  @Override
  public void link(long index, long offset) {
    set(index, encode(offset));
  }
}
