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

/** An image that grows. */
final class DynamicNode extends SparseNode implements VpcImage {
  private final Footer footer;
  private final SparseHeader header;
  private final long size;
  private final SparseDisk disk;

  DynamicNode(Opening opening, BlockNode file, Footer footer, long size) {
    super(opening);
    this.footer = footer;
    this.size = size;
    header = SparseHeader.read(file, footer.dataOffset(), size);
    TablePages pages = new TablePages(file, ByteOrder.BIG_ENDIAN);
    var table = new AllocationTable(file, footer, header, pages);
    disk = new SparseDisk(file, header.blockSize(), table, pages, null);
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
    return new Facts(header.blockSize(), false, false, null, null, new Json.Members(Map.of()));
  }
}
