package dev.kasuari.block.vhdx;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.Opening;
import dev.kasuari.block.table.BlockMap;
import dev.kasuari.block.table.SparseDisk;
import dev.kasuari.block.table.SparseNode;
import dev.kasuari.block.table.TablePages;
import dev.kasuari.qapi.Json;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** An open image. */
final class VhdxNode extends SparseNode {
  private final BlockNode file;
  private final Header header;
  private final Regions regions;
  private final TablePages pages;
  private final Log log;
  private final Blocks blocks = new Blocks();
  private final SparseDisk disk;
  private long end;

  VhdxNode(Opening opening, BlockNode file, Header header, Regions regions) {
    super(opening, false);
    this.file = file;
    this.header = header;
    this.regions = regions;
    pages = new TablePages(file, ByteOrder.LITTLE_ENDIAN);
    log = new Log(file, header);
    end = (file.size() + Structure.MEBIBYTE - 1) & -(long) Structure.MEBIBYTE;
    disk = new SparseDisk(file, regions.blockSize(), blocks, pages, null);
  }

  /** [MS-VHDX] 2.5.1, "BAT Entry": a state in the lowest bits, and a place in mebibytes. */
  private final class Blocks implements BlockMap {
    static final int PRESENT = 6;
    private static final int STATE = 7;
    private static final int PARTIAL = 7;

    private long entryOffset(long index) {
      return regions.table() + (index + index / regions.chunkRatio()) * 8;
    }

    long entry(long index) {
      return pages.getLong(entryOffset(index));
    }

    static long offset(long entry) {
      return entry & -(long) Structure.MEBIBYTE;
    }

    @Override
    public Entry get(long index) {
      long entry = entry(index);
      int state = (int) entry & STATE;
      if (state == PARTIAL || state == 4 || state == 5) {
        throw BlockException.corrupt("vhdx: block " + index + " has state " + state);
      }
      if (state != PRESENT) {
        return Entry.ZERO;
      }
      if (wrong(entry)) {
        throw BlockException.corrupt("vhdx: block " + index + " is said to be where metadata is");
      }
      return Entry.data(offset(entry));
    }

    boolean wrong(long entry) {
      return offset(entry) < 0 || regions.covers(header, offset(entry), regions.blockSize());
    }

    @Override
    public long place(long index) {
      long offset = end;
      end += regions.blockSize();
      return offset;
    }

    @Override
    public void link(long index, long offset) {
      pages.setLong(entryOffset(index), offset | PRESENT);
    }

    @Override
    public void writeLinks(List<TablePages.Copy> changed) {
      log.write(changed);
    }
  }

  @Override
  protected SparseDisk disk() {
    return disk;
  }

  @Override
  public long size() {
    return regions.size();
  }

  @Override
  public Facts facts() {
    return new Facts(regions.blockSize(), false, false, null, null, new Json.Members(Map.of()));
  }

  /** Looks at all entries. A log has been replayed when the image was opened. */
  @Override
  public CheckResult check(CheckResult.Repair repair, Consumer<String> report) {
    if (writable()) {
      disk.flush();
    }
    Set<Long> seen = new HashSet<>();
    long errors = 0;
    for (long i = 0; i < regions.blocks(); i++) {
      long index = i;
      long entry = disk.locked(() -> blocks.entry(index));
      if ((entry & Blocks.STATE) != Blocks.PRESENT) {
        continue;
      }
      long offset = Blocks.offset(entry);
      if (blocks.wrong(entry) || offset + regions.blockSize() > file.size()) {
        report.accept("ERROR: block " + i + " at " + offset + " is outside of the data");
        errors++;
      } else if (!seen.add(offset)) {
        report.accept("ERROR: block " + i + " is where another one is, at " + offset);
        errors++;
      }
    }
    return new CheckResult(errors, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  @Override
  protected void closeImage() {
    disk.flush();
    log.end();
  }
}
