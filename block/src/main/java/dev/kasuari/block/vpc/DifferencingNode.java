package dev.kasuari.block.vpc;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.block.table.SparseDisk;
import dev.kasuari.block.table.SparseNode;
import dev.kasuari.block.table.TablePages;
import dev.kasuari.qapi.Json;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An image with the sectors that differ from another's ("Differencing Hard Disk"). */
final class DifferencingNode extends SparseNode implements VpcImage {
  private final Footer footer;
  private final SparseHeader header;
  private final long size;
  private final String parentName;
  private final SparseDisk disk;

  DifferencingNode(
      Opening opening,
      BlockNode file,
      Footer footer,
      SparseHeader header,
      long size,
      @Nullable BlockNode parent,
      String parentName) {
    super(opening, true, parent);
    this.footer = footer;
    this.header = header;
    this.size = size;
    this.parentName = parentName;
    TablePages pages = new TablePages(file, ByteOrder.BIG_ENDIAN);
    var blocks = new AllocationTable(file, footer, header, pages);
    var sectors = new SectorMap(file, header, blocks, pages);
    disk = new SparseDisk(file, SectorMap.SECTOR, sectors, pages, behindDisk());
  }

  @Override
  protected SparseDisk disk() {
    return disk;
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
}
