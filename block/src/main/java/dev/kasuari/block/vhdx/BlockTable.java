package dev.kasuari.block.vhdx;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.BlockMap;
import dev.kasuari.block.table.TablePages;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** [MS-VHDX] 2.5.1, "BAT Entry": a state in the lowest bits, and a place in mebibytes. */
final class BlockTable implements BlockMap {
  static final int NOT_PRESENT = 0;
  static final int ZERO = 2;
  static final int PRESENT = 6;
  static final int PARTIAL = 7;
  private static final int STATE = 7;

  private final Header header;
  private final Regions regions;
  private final TablePages pages;
  private final Log log;

  /** Where nothing is yet. */
  private long end;

  BlockTable(BlockNode file, Header header, Regions regions, TablePages pages, Log log) {
    this.header = header;
    this.regions = regions;
    this.pages = pages;
    this.log = log;
    end = (file.size() + Structure.MEBIBYTE - 1) & -(long) Structure.MEBIBYTE;
  }

  /** What the table says of a block. */
  long entry(long block) {
    return pages.getLong(regions.entryOffset(block));
  }

  /** What it says of the bitmap that a block has part of. */
  long bitmapEntry(long block) {
    return pages.getLong(regions.bitmapEntryOffset(block));
  }

  static int state(long entry) {
    return (int) entry & STATE;
  }

  static long offset(long entry) {
    return entry & -(long) Structure.MEBIBYTE;
  }

  /** True if so many bytes cannot be where an entry says. */
  boolean wrong(long entry, long length) {
    return offset(entry) < 0 || regions.covers(header, offset(entry), length);
  }

  @Override
  public Entry get(long block) {
    long entry = entry(block);
    int state = state(entry);
    boolean differs = regions.parent() != null;
    if (state == 4 || state == 5 || (state == PARTIAL && !differs)) {
      throw BlockException.corrupt("vhdx: block " + block + " has state " + state);
    }
    if (state != PRESENT && state != PARTIAL) {
      return differs && state == NOT_PRESENT ? Entry.ABSENT : Entry.ZERO;
    }
    if (wrong(entry, regions.blockSize())) {
      throw BlockException.corrupt("vhdx: block " + block + " is said to be where metadata is");
    }
    return Entry.data(offset(entry));
  }

  /** Where the bitmap is that a block has part of. */
  long bitmap(long block) {
    long entry = bitmapEntry(block);
    if (state(entry) != PRESENT || wrong(entry, Structure.MEBIBYTE)) {
      throw BlockException.corrupt("vhdx: the bitmap of block " + block + " is missing");
    }
    return offset(entry);
  }

  /** So many bytes of the file, whole mebibytes, which nobody else gets. */
  long room(long length) {
    long offset = end;
    end += length;
    return offset;
  }

  @Override
  public long place(long block) {
    return room(regions.blockSize());
  }

  /** Nothing is behind so many bytes of the file any more. */
  void endsAt(long length) {
    end = length;
  }

  @Override
  public void link(long block, long offset) {
    set(block, offset | PRESENT);
  }

  /** From now on the table says that of a block. */
  void set(long block, long entry) {
    pages.setLong(regions.entryOffset(block), entry);
  }

  /** From now on the bitmap that a block has part of is there. */
  void linkBitmap(long block, long offset) {
    pages.setLong(regions.bitmapEntryOffset(block), offset | PRESENT);
  }

  /** From now on the bitmap that a block has part of is not there. */
  void forgetBitmap(long block) {
    pages.setLong(regions.bitmapEntryOffset(block), NOT_PRESENT);
  }

  /** Bitmaps go first: where the table names them, they must not say what was there before. */
  @Override
  public void writeLinks(List<TablePages.Copy> changed) {
    var sorted = new ArrayList<>(changed);
    sorted.sort(Comparator.comparing(page -> regions.inTable(page.offset())));
    log.write(sorted);
  }
}
