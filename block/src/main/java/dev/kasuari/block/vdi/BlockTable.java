package dev.kasuari.block.vdi;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.BlockMap;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.block.table.TablePages;
import java.nio.ByteOrder;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Which block of the file a block of the disk is: a number of 32 bits each. The header counts them;
 * it is written before tables are, and counted anew when an image is opened to be written, so that
 * it is right after a power cut too.
 */
final class BlockTable implements BlockMap {
  private static final int UNALLOCATED = -1;
  private static final int DISCARDED = -2;

  private final BlockNode file;
  private final Header header;
  private final TablePages pages;

  /** Blocks of the file that are in use; null if nothing will be written. */
  private final @Nullable BitSet used;

  BlockTable(BlockNode file, Header header, TablePages pages, boolean writable) {
    this.file = file;
    this.header = header;
    this.pages = pages;
    used = writable ? new BitSet() : null;
    if (used != null) {
      findUsed(used);
    }
  }

  private void findUsed(BitSet into) {
    int[] count = new int[1];
    FileBytes.forEachInt(
        file,
        header.mapOffset(),
        header.blocks(),
        ByteOrder.LITTLE_ENDIAN,
        (index, entry) -> {
          if (present(entry)) {
            count[0]++;
            if (Integer.compareUnsigned(entry, header.blocks()) < 0) {
              into.set(entry);
            }
          }
        });
    if (count[0] != header.allocated()) {
      header.allocated(count[0]);
      header.write(file);
    }
  }

  static boolean present(int entry) {
    return entry != UNALLOCATED && entry != DISCARDED;
  }

  private long entryOffset(long index) {
    return header.mapOffset() + index * 4;
  }

  @Override
  public Entry get(long index) {
    int entry = pages.getInt(entryOffset(index));
    if (!present(entry)) {
      return Entry.ZERO;
    }
    if (Integer.compareUnsigned(entry, header.blocks()) >= 0) {
      throw BlockException.corrupt(
          "VDI: block %d is said to be block %d of %d in the file"
              .formatted(index, entry & 0xffffffffL, header.blocks()));
    }
    return Entry.data(offset(entry));
  }

  private long offset(int block) {
    return header.dataOffset() + (long) block * header.blockSize();
  }

  private BitSet used() {
    if (used == null) {
      throw new IllegalStateException("opened to be read");
    }
    return used;
  }

  @Override
  public long place(long index) {
    int block = used().nextClearBit(0);
    if (block >= header.blocks()) {
      throw BlockException.corrupt("VDI: the image has no block left; check it");
    }
    used().set(block);
    return offset(block);
  }

  @Override
  public void link(long index, long offset) {
    if (!present(pages.getInt(entryOffset(index)))) {
      header.allocated(header.allocated() + 1);
    }
    pages.setInt(entryOffset(index), (int) ((offset - header.dataOffset()) / header.blockSize()));
  }

  @Override
  public void beforeLinks() {
    header.write(file);
  }
}
