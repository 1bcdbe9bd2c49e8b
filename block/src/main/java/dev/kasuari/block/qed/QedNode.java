package dev.kasuari.block.qed;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.table.SparseDisk;
import dev.kasuari.block.table.SparseNode;
import dev.kasuari.block.table.TablePages;
import dev.kasuari.block.table.TwoLevelMap;
import dev.kasuari.qapi.Json;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An open image. Clusters are on the medium before tables name them, so that the header's flag that
 * asks for a check is not needed, and never set.
 */
final class QedNode extends SparseNode {
  private final BlockNode file;
  private final Header header;
  private final TablePages pages;
  private final SparseDisk disk;

  QedNode(Opening opening, BlockNode file, @Nullable BlockNode backing, Header header) {
    super(opening, backing != null, backing);
    this.file = file;
    this.header = header;
    pages = new TablePages(file, ByteOrder.LITTLE_ENDIAN);
    disk = new SparseDisk(file, header.clusterSize, new Clusters(), pages, behindDisk());
  }

  /** "Tables": 1 is a cluster of zeroes. */
  private final class Clusters extends TwoLevelMap {
    private static final long ZERO = 1;

    Clusters() {
      super(
          "qed",
          QedNode.this.file,
          QedNode.this.pages,
          header.l1Offset,
          header.entries(),
          header.clusterSize);
    }

    @Override
    protected Entry decode(long index, long entry) {
      if (entry == ZERO) {
        return Entry.ZERO;
      }
      if (!Check.sane(header, entry, Long.MAX_VALUE)) {
        throw BlockException.corrupt("qed: cluster " + index + " is said to be at " + entry);
      }
      return Entry.data(entry);
    }

    @Override
    public boolean linkZero(long index) {
      set(index, ZERO);
      return true;
    }
  }

  @Override
  protected SparseDisk disk() {
    return disk;
  }

  @Override
  public long size() {
    return header.size;
  }

  /** What is to be checked first is not written. */
  @Override
  protected void accessChanging(Access to) {
    if (to.writable() && (header.features & Header.NEED_CHECK) != 0) {
      super.accessChanging(to);
    }
  }

  @Override
  public Facts facts() {
    return new Facts(
        header.clusterSize,
        (header.features & Header.NEED_CHECK) != 0,
        false,
        header.backingFile,
        header.backingFormat(),
        new Json.Members(Map.of()));
  }

  @Override
  protected void truncateTo(long size, Preallocation preallocation) {
    preallocation.requireOff();
    if (size > header.most()) {
      throw BlockException.invalid("Invalid image size specified");
    }
    long before = header.size;
    if (size < before) {
      throw BlockException.notSupported("Shrinking images is currently not supported");
    }
    header.size = size;
    BlockNode backing = behind();
    long shown = backing == null ? 0 : Math.min(size, backing.size()) - before;
    if (shown > 0) { // what is behind must not show where nothing was
      disk.zero(before, shown, true);
      disk.flush();
    }
    header.write(file);
    file.flush();
  }

  @Override
  public void changeBacking(@Nullable String name, @Nullable String format) {
    requireWritable();
    disk.flush();
    header.backing(name, format);
    header.changeName(file);
    file.flush();
  }

  @Override
  public CheckResult check(CheckResult.Repair repair, Consumer<String> report) {
    if (writable()) {
      disk.flush();
    }
    boolean mends = repair == CheckResult.Repair.ALL;
    CheckResult result = disk.locked(() -> new Check(file, header, mends, report).run());
    if (mends) {
      pages.forget();
      if (result.corruptions() == 0 && (header.features & Header.NEED_CHECK) != 0) {
        header.features &= ~Header.NEED_CHECK;
        file.flush();
        header.write(file);
        file.flush();
      }
    }
    return result;
  }
}
