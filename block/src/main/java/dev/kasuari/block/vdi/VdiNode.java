package dev.kasuari.block.vdi;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.Opening;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.block.table.SparseDisk;
import dev.kasuari.block.table.SparseNode;
import dev.kasuari.block.table.TablePages;
import dev.kasuari.qapi.Json;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.Map;
import java.util.function.Consumer;

/** An open image. */
final class VdiNode extends SparseNode {
  private final BlockNode file;
  private final Header header;
  private final SparseDisk disk;

  VdiNode(Opening opening, BlockNode file, Header header) {
    super(opening);
    this.file = file;
    this.header = header;
    TablePages pages = new TablePages(file, ByteOrder.LITTLE_ENDIAN);
    boolean writes = opening.access().writable() && !opening.access().recovery();
    disk =
        new SparseDisk(
            file, header.blockSize(), new BlockTable(file, header, pages, writes), pages, null);
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
    return new Facts(header.blockSize(), false, false, null, null, new Json.Members(Map.of()));
  }

  /** Looks at all entries; the header's count is what can be mended. */
  @Override
  public CheckResult check(CheckResult.Repair repair, Consumer<String> report) {
    if (writable()) {
      disk.flush();
    }
    var check = new Check(report);
    FileBytes.forEachInt(
        file, header.mapOffset(), header.blocks(), ByteOrder.LITTLE_ENDIAN, check::entry);
    long fixed = 0;
    if (check.present != header.allocated()) {
      report.accept(
          (repair == CheckResult.Repair.ALL ? "Repairing: " : "ERROR: ")
              + "allocated blocks mismatch, is "
              + check.present
              + ", should be "
              + (header.allocated() & 0xffffffffL));
      if (repair == CheckResult.Repair.ALL) {
        header.allocated(check.present);
        header.write(file);
        file.flush();
        fixed++;
      } else {
        check.errors++;
      }
    }
    return new CheckResult(check.errors, 0, fixed, 0, 0, 0, 0, 0, 0);
  }

  private final class Check {
    private final Consumer<String> report;
    private final BitSet seen = new BitSet();
    private int present;
    private long errors;

    Check(Consumer<String> report) {
      this.report = report;
    }

    void entry(int index, int entry) {
      if (!BlockTable.present(entry)) {
        return;
      }
      if (Integer.compareUnsigned(entry, header.blocks()) >= 0) {
        report.accept("ERROR: block index " + index + " out of range, is " + (entry & 0xffffffffL));
        errors++;
        return;
      }
      present++;
      if (seen.get(entry)) {
        report.accept("ERROR: block index " + index + " also used by " + entry);
        errors++;
      }
      seen.set(entry);
    }
  }
}
