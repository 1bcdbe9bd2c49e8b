package dev.kasuari.block.vpc;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Opening;
import dev.kasuari.block.table.BlockMap;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.block.table.SparseDisk;
import dev.kasuari.block.table.TablePages;
import dev.kasuari.qapi.Json;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An image with the sectors that differ from another's: those whose bits are set before their block
 * ("Splitting Hard Disk Images", "Data Block"). It is only read.
 */
final class DifferencingNode extends BlockNode implements ImageNode, VpcImage {
  private static final int SECTOR = 512;

  private final BlockNode file;
  private final Footer footer;
  private final SparseHeader header;
  private final long size;
  private final SparseDisk.@Nullable Behind parent;
  private final String parentName;
  private final TablePages pages;
  private final AllocationTable table;

  DifferencingNode(
      Opening opening,
      BlockNode file,
      Footer footer,
      SparseHeader header,
      long size,
      @Nullable BlockNode parent,
      String parentName) {
    super(opening);
    this.file = file;
    this.footer = footer;
    this.header = header;
    this.size = size;
    this.parent = SparseDisk.behind(parent, 0);
    this.parentName = parentName;
    pages = new TablePages(file, ByteOrder.BIG_ENDIAN);
    table = new AllocationTable(file, footer, header, pages);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public UUID id() {
    return footer.id();
  }

  @Override
  public Facts facts() {
    return new Facts(
        header.blockSize(), false, false, parentName, "vpc", new Json.Members(Map.of()));
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    for (long done = 0; done < to.byteSize(); ) {
      BlockStatus run = statusAt(offset + done, to.byteSize() - done);
      MemorySegment part = to.asSlice(done, run.length());
      if (run.data()) {
        file.read(run.offset(), part);
      } else if (parent != null) {
        parent.read(offset + done, part);
      } else {
        part.fill((byte) 0);
      }
      done += run.length();
    }
  }

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    long within = offset % header.blockSize();
    long most = Math.min(length, header.blockSize() - within);
    BlockMap.Entry entry;
    synchronized (table) {
      entry = table.get(offset / header.blockSize());
    }
    if (entry.kind() != BlockMap.Kind.DATA) {
      return BlockStatus.absent(most);
    }
    var bits =
        FileBytes.read(
            file, entry.offset() - header.bitmapSize(), header.bitmapSize(), ByteOrder.BIG_ENDIAN);
    int first = (int) (within / SECTOR);
    boolean here = bit(bits.get(first / 8), first);
    int end = first + 1;
    long run = SECTOR - within % SECTOR;
    while (run < most && bit(bits.get(end / 8), end) == here) {
      end++;
      run += SECTOR;
    }
    run = Math.min(run, most);
    return here ? BlockStatus.data(run, entry.offset() + within) : BlockStatus.absent(run);
  }

  /** The highest bit is the first. */
  private static boolean bit(byte eight, int index) {
    return (eight >> (7 - index % 8) & 1) != 0;
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    requireWritable();
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    requireWritable();
  }

  @Override
  protected void discardAt(long offset, long length) {
    requireWritable();
  }

  @Override
  protected void flushNow() {}

  @Override
  protected void closeNow() {
    pages.close();
  }
}
