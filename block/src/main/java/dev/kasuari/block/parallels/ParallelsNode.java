package dev.kasuari.block.parallels;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.table.BlockMap;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.block.table.SparseDisk;
import dev.kasuari.block.table.SparseNode;
import dev.kasuari.block.table.TablePages;
import dev.kasuari.qapi.Json;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** An open image. */
final class ParallelsNode extends SparseNode {
  private final BlockNode file;
  private final Header header;
  private final TablePages pages;
  private final Clusters clusters;
  private final SparseDisk disk;

  /** It was not closed as it should have been, and nobody has mended it. */
  private boolean unclean;

  private boolean inUse;

  ParallelsNode(Opening opening, BlockNode file, Header header) {
    super(opening);
    this.file = file;
    this.header = header;
    unclean = header.inUse();
    inUse = unclean;
    pages = new TablePages(file, ByteOrder.LITTLE_ENDIAN);
    clusters = new Clusters();
    disk = new SparseDisk(file, header.clusterSize(), clusters, pages, null);
  }

  /** The table behind the header ("BAT"): 0 is a cluster that is not there. */
  private final class Clusters implements BlockMap {
    private long end;

    @Override
    public Entry get(long index) {
      int entry = pages.getInt(Header.SIZE + index * 4);
      if (entry == 0) {
        return Entry.ABSENT;
      }
      if (header.offset(entry) < header.dataBegin()) {
        throw BlockException.corrupt(
            "parallels: cluster " + index + " is said to be where metadata is");
      }
      return Entry.data(header.offset(entry));
    }

    @Override
    public long place(long index) {
      if (end == 0) {
        end = header.dataBegin();
        forEach((i, entry) -> end = Math.max(end, header.offset(entry) + header.clusterSize()));
        long unit = header.extended() ? header.clusterSize() : Header.SECTOR;
        end = (end + unit - 1) / unit * unit;
      }
      if (header.offset(header.entry(end)) != end) {
        throw new BlockException(BlockException.Kind.NO_SPACE, "parallels: the image is full");
      }
      long offset = end;
      end += header.clusterSize();
      return offset;
    }

    @Override
    public void link(long index, long offset) {
      pages.setInt(Header.SIZE + index * 4, header.entry(offset));
    }
  }

  /** All entries that are not zero. */
  private void forEach(FileBytes.Entries entries) {
    FileBytes.forEachInt(
        file,
        Header.SIZE,
        header.entries(),
        ByteOrder.LITTLE_ENDIAN,
        (index, entry) -> {
          if (entry != 0) {
            entries.entry(index, entry);
          }
        });
  }

  /** Notes in the header that the image is open, or that it was closed as it should be. */
  void setInUse(boolean value) {
    disk.locked(() -> {
      pages.setInt(Header.IN_USE_OFFSET, value ? Header.IN_USE : 0);
      return true;
    });
    disk.flush();
    inUse = value;
  }

  @Override
  protected SparseDisk disk() {
    return disk;
  }

  @Override
  public long size() {
    return header.sectors() * Header.SECTOR;
  }

  @Override
  public Facts facts() {
    return new Facts(0, unclean, false, null, null, new Json.Members(Map.of()));
  }

  @Override
  public CheckResult check(CheckResult.Repair repair, Consumer<String> report) {
    if (writable()) {
      disk.flush();
    }
    CheckResult result = disk.locked(() -> new Check(repair, report).run());
    if (repair != CheckResult.Repair.NONE) {
      disk.flush();
    }
    return result;
  }

  private final class Check {
    private final boolean all;
    private final boolean leaksToo;
    private final Consumer<String> report;
    private final Set<Integer> seen = new HashSet<>();
    private long errors;
    private long fixed;
    private long allocated;
    private long fragmented;
    private long last;
    private long end;

    Check(CheckResult.Repair repair, Consumer<String> report) {
      all = repair == CheckResult.Repair.ALL;
      leaksToo = repair != CheckResult.Repair.NONE;
      this.report = report;
    }

    private boolean wrong(boolean mends, String what) {
      report.accept((mends ? "Repairing " : "ERROR ") + what);
      return mends;
    }

    private void count(boolean mended) {
      fixed += mended ? 1 : 0;
      errors += mended ? 0 : 1;
    }

    CheckResult run() {
      if (unclean) {
        count(wrong(all, "image was not closed correctly"));
      }
      long size = file.size();
      end = header.dataBegin();
      forEach((index, entry) -> look(index, entry, size));
      long leaked = Math.max(0, size - end);
      long leaks = (leaked + header.clusterSize() - 1) / header.clusterSize();
      long leaksFixed = 0;
      if (leaks > 0 && wrong(leaksToo, "space leaked at the end of the image " + leaked)) {
        file.truncate(end, Preallocation.OFF);
        clusters.end = 0;
        leaksFixed = leaks;
      }
      if (all) {
        mended();
      }
      return new CheckResult(
          errors,
          leaks - leaksFixed,
          fixed,
          leaksFixed,
          end,
          header.entries(),
          allocated,
          fragmented,
          0);
    }

    private void look(int index, int entry, long size) {
      long offset = header.offset(entry);
      if (offset < header.dataBegin() || offset + header.clusterSize() > size) {
        boolean mends = wrong(all, "cluster " + index + " is outside image");
        if (mends) {
          pages.setInt(Header.SIZE + index * 4L, 0);
        }
        count(mends);
        return;
      }
      if (!seen.add(entry)) {
        count(wrong(false, "duplicate offset in BAT entry " + index));
        return;
      }
      allocated++;
      fragmented += last != 0 && last + header.clusterSize() != offset ? 1 : 0;
      last = offset;
      end = Math.max(end, offset + header.clusterSize());
    }

    private void mended() {
      if (errors == 0) {
        pages.setInt(Header.IN_USE_OFFSET, 0);
        unclean = false;
        inUse = false;
      }
    }
  }

  @Override
  protected void closeImage() {
    disk.flush();
    if (inUse && !access().recovery()) {
      setInUse(false);
    }
  }
}
