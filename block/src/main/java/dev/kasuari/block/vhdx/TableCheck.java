package dev.kasuari.block.vhdx;

import java.util.BitSet;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;

/**
 * Looks at all entries of the table: whether each block has a place of its own, and its bitmap if
 * it is partially there. It keeps a bit for each mebibyte of the file.
 */
final class TableCheck {
  /** 2 PiB. */
  private static final long MOST_MEBIBYTES = Integer.MAX_VALUE;

  private final Regions regions;
  private final BlockTable table;
  private final long fileSize;
  private final LongUnaryOperator entries;
  private final LongUnaryOperator bitmaps;
  private final Consumer<String> report;
  private final BitSet used = new BitSet();
  private long errors;

  /**
   * A check.
   *
   * @param entries what the table says of a block
   * @param bitmaps what it says of the bitmap that a block has part of
   */
  TableCheck(
      Regions regions,
      BlockTable table,
      long fileSize,
      LongUnaryOperator entries,
      LongUnaryOperator bitmaps,
      Consumer<String> report) {
    this.regions = regions;
    this.table = table;
    this.fileSize = fileSize;
    this.entries = entries;
    this.bitmaps = bitmaps;
    this.report = report;
  }

  /** Returns how many entries are wrong. */
  long run() {
    boolean differs = regions.parent() != null;
    for (long block = 0; block < regions.blocks(); block++) {
      if (differs && block % regions.chunkRatio() == 0) {
        bitmap(block, bitmaps.applyAsLong(block));
      }
      long entry = entries.applyAsLong(block);
      switch (BlockTable.state(entry)) {
        case BlockTable.PRESENT -> place("block", block, entry, regions.blockSize());
        case BlockTable.PARTIAL -> partial(block, entry, differs);
        case 4, 5 -> error("block " + block + " has the unknown state " + BlockTable.state(entry));
        default -> {}
      }
    }
    return errors;
  }

  private void bitmap(long block, long entry) {
    if (BlockTable.state(entry) == BlockTable.PRESENT) {
      place("the bitmap of block", block, entry, Structure.MEBIBYTE);
    } else if (BlockTable.state(entry) != BlockTable.NOT_PRESENT) {
      error("the bitmap of block %d has state %d".formatted(block, BlockTable.state(entry)));
    }
  }

  private void partial(long block, long entry, boolean differs) {
    if (!differs) {
      error("block " + block + " is partially there, and nothing is behind the image");
    } else if (BlockTable.state(bitmaps.applyAsLong(block)) != BlockTable.PRESENT) {
      error("block " + block + " is partially there, and has no bitmap");
    }
    place("block", block, entry, regions.blockSize());
  }

  private void place(String what, long block, long entry, long length) {
    long offset = BlockTable.offset(entry);
    long end = (offset + length) / Structure.MEBIBYTE;
    if (table.wrong(entry, length) || offset > fileSize - length || end > MOST_MEBIBYTES) {
      error(what + " " + block + " at " + offset + " is outside of the data");
      return;
    }
    int first = (int) (offset / Structure.MEBIBYTE);
    int there = used.nextSetBit(first);
    if (there >= 0 && there < end) {
      error(what + " " + block + " is where another one is, at " + offset);
    }
    used.set(first, (int) end);
  }

  private void error(String what) {
    report.accept("ERROR: " + what);
    errors++;
  }
}
