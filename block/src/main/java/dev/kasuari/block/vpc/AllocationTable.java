package dev.kasuari.block.vpc;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.BlockMap;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.block.table.TablePages;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Where each block is: the number of the sector of its bitmap, 32 bits each, behind which its data
 * is ("Block Allocation Table and Data Blocks"). New blocks overwrite the footer at the end, which
 * moves; the copy at the front is valid meanwhile.
 */
final class AllocationTable implements BlockMap {
  private static final int UNUSED = -1;

  private final BlockNode file;
  private final Footer footer;
  private final SparseHeader header;
  private final TablePages pages;

  /** Blocks of which all bits are known to be set. */
  private final BitSet whole = new BitSet();

  /** Where the next block begins. */
  private long end;

  AllocationTable(BlockNode file, Footer footer, SparseHeader header, TablePages pages) {
    this.file = file;
    this.footer = footer;
    this.header = header;
    this.pages = pages;
    end = header.metadataEnd(file.size());
    FileBytes.forEachInt(
        file,
        header.tableOffset(),
        header.entries(),
        ByteOrder.BIG_ENDIAN,
        (index, entry) -> {
          if (entry != UNUSED) {
            end = Math.max(end, dataOffset(entry) + header.blockSize());
          }
        });
    if (end > file.size()) {
      throw BlockException.invalid(
          "vpc: blocks end at %d, behind the end of the file; it has been truncated"
              .formatted(end));
    }
  }

  private long dataOffset(int entry) {
    return (entry & 0xffffffffL) * 512 + header.bitmapSize();
  }

  @Override
  public Entry get(long index) {
    int entry = pages.getInt(header.tableOffset() + index * 4);
    if (entry == UNUSED) {
      return Entry.ZERO;
    }
    long tableEnd = header.tableOffset() + header.entries() * 4L;
    long begin = (entry & 0xffffffffL) * 512;
    if (begin < Footer.SIZE || (begin < tableEnd && begin >= header.tableOffset())) {
      throw BlockException.corrupt("vpc: block " + index + " is said to be where metadata is");
    }
    return Entry.data(dataOffset(entry));
  }

  @Override
  public long place(long index) {
    long begin = end;
    if (begin / 512 > 0xffff_fffeL) {
      throw new BlockException(BlockException.Kind.NO_SPACE, "vpc: the image is full");
    }
    end = begin + header.bitmapSize() + header.blockSize();
    return begin + header.bitmapSize();
  }

  @Override
  public void prepare(long index, long offset) {
    byte[] bits = new byte[header.bitmapSize()];
    Arrays.fill(bits, (byte) 0xff);
    FileBytes.write(file, offset - bits.length, bits);
    synchronized (whole) {
      whole.set((int) index);
    }
  }

  @Override
  public void beforeOverwrite(long index, long offset) {
    synchronized (whole) {
      if (whole.get((int) index)) {
        return;
      }
    }
    prepare(index, offset);
  }

  @Override
  public void link(long index, long offset) {
    pages.setInt(header.tableOffset() + index * 4, (int) ((offset - header.bitmapSize()) / 512));
  }

  @Override
  public void beforeLinks() {
    footer.write(file, end);
  }
}
