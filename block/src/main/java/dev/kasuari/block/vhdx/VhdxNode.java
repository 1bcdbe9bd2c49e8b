package dev.kasuari.block.vhdx;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.Making;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.table.FileBytes;
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

  /** In an entry of the table of metadata (2.6.1.2, "Metadata Table Entry"). */
  private static final int OFFSET = 16;

  private static final int LENGTH = 20;

  private final BlockGraph graph;
  private final BlockNode file;
  private final Header header;
  private final TablePages pages;
  private final Log log;
  private final BlockTable blocks;
  private final SparseDisk disk;
  private volatile Regions regions;
  private boolean changed;

  /** What its bytes will be known by as soon as they change, if that has been said already. */
  private byte @Nullable [] nextId;

  VhdxNode(
      Opening opening,
      BlockNode file,
      Header header,
      Regions regions,
      @Nullable BlockNode backing) {
    super(opening, regions.parent() != null, backing);
    graph = opening.graph();
    this.file = file;
    this.header = header;
    this.regions = regions;
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
                behindDisk());
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
      header.beginChanges(file, nextId == null ? FileBytes.guid() : nextId);
      changed = true;
    }
  }

  /** What its bytes will be known by as soon as they change; null if they have. */
  private synchronized byte @Nullable [] nextId() {
    if (!changed && nextId == null) {
      nextId = FileBytes.guid();
    }
    return changed ? null : nextId;
  }

  @Override
  protected void accessChanging(Access to) {
    if (writable() && !to.writable()) {
      closeImage();
      synchronized (this) { // others may be made for what it is now
        changed = false;
        nextId = null;
      }
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
    name(parent, ParentImage.locator(new Making(graph, file.filename()), name));
  }

  /**
   * Says otherwise what is behind it: first in a place where nothing is, which the table of
   * metadata then names.
   */
  private void name(Regions.Parent parent, ParentLocator next) {
    ByteBuffer bytes = ByteBuffer.wrap(next.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    disk.flush();
    long offset = disk.locked(() -> placeFor(parent, bytes.limit()));
    if (offset > regions.metadataLength() - bytes.limit()) {
      throw new BlockException(
          BlockException.Kind.NO_SPACE, "vhdx: the metadata has no room for '" + next.name() + "'");
    }
    disk.locked(() -> {
      for (int i = 0; i < bytes.limit(); i += 4) {
        pages.setInt(regions.metadata() + offset + i, bytes.getInt(i));
      }
      return true;
    });
    disk.flush();
    disk.locked(() -> {
      pages.setInt(parent.entry() + OFFSET, (int) offset);
      pages.setInt(parent.entry() + LENGTH, bytes.limit());
      return true;
    });
    disk.flush();
    regions = regions.with(new Regions.Parent(next, parent.entry(), parent.room()));
  }

  /** Where so many bytes are not what says now what is behind it; from the metadata's beginning. */
  private long placeFor(Regions.Parent parent, int length) {
    long now = pages.getInt(parent.entry() + OFFSET);
    long end = now + pages.getInt(parent.entry() + LENGTH);
    boolean free = end <= parent.room() || parent.room() + length <= now;
    return free ? parent.room() : (end + TablePages.PAGE - 1) & -TablePages.PAGE;
  }

  @Override
  public boolean knowsStateBehind() {
    return regions.parent() != null;
  }

  /**
   * Says both what is behind it is known by and what it will be ([MS-VHDX] 2.6.2.6, {@code
   * parent_linkage2}), and only the one again when that has changed.
   */
  @Override
  public void behindChanges(BlockNode node, boolean begins) {
    Regions.Parent parent = regions.parent();
    if (parent != null && node.image() instanceof VhdxNode image) {
      requireWritable();
      parent.locator().requireFor(image.dataWriteId(), image.filename());
      name(parent, parent.locator().with(image.dataWriteId(), begins ? image.nextId() : null));
    }
  }

  /** What it shows does not change, and so neither does what it is known by. */
  @Override
  public void makeEmpty() {
    if (regions.parent() == null) {
      super.makeEmpty();
      return;
    }
    requireWritable();
    disk.flush();
    for (long block = 0; block < regions.blocks(); block += ENTRIES_AT_ONCE) {
      long first = block;
      disk.locked(() -> {
        forget(first, Math.min(regions.blocks(), first + ENTRIES_AT_ONCE));
        return true;
      });
      disk.flush();
    }
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
