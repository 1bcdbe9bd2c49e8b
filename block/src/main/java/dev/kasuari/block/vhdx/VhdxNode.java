package dev.kasuari.block.vhdx;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.Making;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.table.SparseDisk;
import dev.kasuari.block.table.SparseNode;
import dev.kasuari.block.table.TablePages;
import dev.kasuari.qapi.Json;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An open image. */
final class VhdxNode extends SparseNode {
  private static final int ENTRIES_AT_ONCE = 1 << 16;

  private final BlockGraph graph;
  private final BlockNode file;
  private final Header header;
  private final TablePages pages;
  private final Log log;
  private final BlockTable blocks;
  private final SparseDisk disk;
  private volatile Regions regions;
  private volatile @Nullable BlockNode backing;
  private boolean changed;

  VhdxNode(
      Opening opening,
      BlockNode file,
      Header header,
      Regions regions,
      @Nullable BlockNode backing) {
    super(opening, regions.parent() != null);
    graph = opening.graph();
    this.file = file;
    this.header = header;
    this.regions = regions;
    this.backing = backing;
    pages = new TablePages(file, ByteOrder.LITTLE_ENDIAN);
    log = new Log(file, header);
    blocks = new BlockTable(file, header, regions, pages, log);
    disk =
        regions.parent() == null
            ? new SparseDisk(file, regions.blockSize(), blocks, pages, null)
            : new SparseDisk(
                file,
                regions.sector(),
                new SectorMap(file, regions, blocks, pages),
                pages,
                this::readBehind);
  }

  private void readBehind(long offset, MemorySegment to) {
    SparseDisk.Behind behind = SparseDisk.behind(backing, 0);
    if (behind == null) {
      to.fill((byte) 0);
    } else {
      behind.read(offset, to);
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

  /** Bytes of a sector. */
  int sector() {
    return regions.sector();
  }

  /** What its bytes are known by to images before it. */
  byte[] dataWriteId() {
    return header.dataWriteId();
  }

  @Override
  public Facts facts() {
    Regions.Parent parent = regions.parent();
    return new Facts(
        regions.blockSize(),
        false,
        false,
        parent == null ? null : parent.locator().name(),
        parent == null ? null : "vhdx",
        new Json.Members(Map.of()));
  }

  /**
   * The file says that it is written before it is ([MS-VHDX] 2.2.2.1, FileWriteGuid and
   * DataWriteGuid): images before this one are for what it was.
   */
  private synchronized void changing() {
    if (!changed) {
      header.beginChanges(file);
      changed = true;
    }
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    changing();
    super.writeAt(offset, from);
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    changing();
    super.zeroAt(offset, length, mayUnmap);
  }

  @Override
  protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
    changing();
    return super.zeroQuicklyAt(offset, length, mayUnmap);
  }

  @Override
  protected void discardAt(long offset, long length) {
    changing();
    super.discardAt(offset, length);
  }

  @Override
  protected void childChanged(String slot, @Nullable BlockNode node) {
    if (!slot.equals("backing") || regions.parent() == null) {
      super.childChanged(slot, node);
    }
    backing = node;
  }

  /** Looks at all entries. A log has been replayed when the image was opened. */
  @Override
  public CheckResult check(CheckResult.Repair repair, Consumer<String> report) {
    if (writable()) {
      disk.flush();
    }
    long errors =
        new TableCheck(
                regions,
                blocks,
                file.size(),
                block -> disk.locked(() -> blocks.entry(block)),
                block -> disk.locked(() -> blocks.bitmapEntry(block)),
                report)
            .run();
    return new CheckResult(errors, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  /** Names another image, as it is now. */
  @Override
  public void changeBacking(@Nullable String name, @Nullable String format) {
    Regions.Parent parent = regions.parent();
    if (parent == null) {
      super.changeBacking(name, format);
      return;
    }
    requireWritable();
    if (name == null || (format != null && !format.equals("vhdx"))) {
      throw BlockException.notSupported("vhdx: behind a differencing image is a VHDX");
    }
    ParentLocator next = ParentImage.locator(new Making(graph, file.filename()), name);
    ByteBuffer bytes = ByteBuffer.wrap(next.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    long room = regions.metadata() + parent.room();
    if (parent.room() > regions.metadataLength() - bytes.limit()) {
      throw new BlockException(
          BlockException.Kind.NO_SPACE, "vhdx: the metadata has no room for '" + name + "'");
    }
    disk.flush();
    disk.locked(() -> {
      for (int i = 0; i < bytes.limit(); i += 4) {
        pages.setInt(room + i, bytes.getInt(i));
      }
      pages.setInt(parent.entry() + 16, (int) parent.room());
      pages.setInt(parent.entry() + 20, bytes.limit());
      return true;
    });
    disk.flush();
    regions = regions.with(new Regions.Parent(next, parent.entry(), parent.room()));
  }

  /** What is behind has all of it. It has been written, so that it is named anew. */
  @Override
  public void makeEmpty() {
    Regions.Parent parent = regions.parent();
    if (parent == null) {
      super.makeEmpty();
      return;
    }
    requireWritable();
    changing();
    disk.flush();
    for (long block = 0; block < regions.blocks(); block += ENTRIES_AT_ONCE) {
      long first = block;
      disk.locked(() -> {
        forget(first, Math.min(regions.blocks(), first + ENTRIES_AT_ONCE));
        return true;
      });
      disk.flush();
    }
    changeBacking(parent.locator().name(), "vhdx");
    log.end();
    long end = regions.dataFrom(header);
    file.truncate(end, Preallocation.OFF);
    disk.locked(() -> {
      blocks.endsAt(end);
      return true;
    });
  }

  private void forget(long first, long end) {
    for (long block = first; block < end; block++) {
      if (blocks.entry(block) != BlockTable.NOT_PRESENT) {
        blocks.set(block, BlockTable.NOT_PRESENT);
      }
      if (blocks.bitmapEntry(block) != BlockTable.NOT_PRESENT) {
        blocks.forgetBitmap(block);
      }
    }
  }

  @Override
  protected void closeImage() {
    disk.flush();
    log.end();
  }
}
