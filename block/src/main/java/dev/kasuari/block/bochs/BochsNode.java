package dev.kasuari.block.bochs;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.block.table.BlockMap;
import dev.kasuari.block.table.SparseDisk;
import dev.kasuari.block.table.SparseNode;
import dev.kasuari.block.table.TablePages;
import dev.kasuari.qapi.Json;
import java.nio.ByteOrder;
import java.util.Map;

/** An open image: sectors are there if their extent and their bit are. */
final class BochsNode extends SparseNode {
  private final BlockNode file;
  private final Header header;
  private final TablePages pages;
  private final SparseDisk disk;

  BochsNode(Opening opening, BlockNode file, Header header) {
    super(opening);
    this.file = file;
    this.header = header;
    pages = new TablePages(file, ByteOrder.LITTLE_ENDIAN);
    disk = new SparseDisk(file, Header.SECTOR, new Sectors(), pages, null);
  }

  private final class Sectors implements BlockMap {
    private static final long NOWHERE = 0xffff_ffffL;

    @Override
    public Entry get(long index) {
      long perExtent = header.extentSize() / Header.SECTOR;
      long extent = index / perExtent;
      long number = Integer.toUnsignedLong(pages.getInt(header.catalog() + extent * 4));
      if (number == NOWHERE) {
        return Entry.ZERO;
      }
      long place = header.data() + number * (header.bitmapRoom() + header.extentSize());
      long sector = index % perExtent;
      long data = place + header.bitmapRoom() + sector * Header.SECTOR;
      if (place + header.bitmapRoom() > file.size()) {
        throw outside(extent);
      }
      int bits = pages.getInt(place + sector / 32 * 4);
      if (((bits >>> (sector % 32)) & 1) == 0) {
        return Entry.ZERO;
      }
      if (data + Header.SECTOR > file.size()) {
        throw outside(extent);
      }
      return Entry.data(data);
    }

    private BlockException outside(long extent) {
      return BlockException.corrupt("bochs: extent " + extent + " is not in the file");
    }

    @Override
    public long place(long index) {
      throw new IllegalStateException("read only");
    }

    @Override
    public void link(long index, long offset) {
      throw new IllegalStateException("read only");
    }
  }

  @Override
  protected SparseDisk disk() {
    return disk;
  }

  @Override
  public long size() {
    return header.size();
  }

  @Override
  public Facts facts() {
    return new Facts(0, false, false, null, null, new Json.Members(Map.of()));
  }
}
