package dev.kasuari.block.vmdk;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Opening;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.qapi.Json;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** An open image: extents one behind the other. */
final class VmdkNode extends BlockNode implements ImageNode {
  /**
   * An extent of the disk.
   *
   * @param start where it begins in the disk
   * @param kind as the descriptor has it; empty for a disk of one sparse extent
   */
  record Part(long start, long length, String kind, BlockNode file, VmdkExtent extent) {}

  private final BlockNode file;
  private final Descriptor descriptor;
  private final TreeMap<Long, Part> parts = new TreeMap<>();
  private final long size;
  private final boolean hasBacking;
  private volatile long cid;
  private boolean cidChanged;

  /** Not changed yet, though the disk does. */
  private boolean cidKept;

  VmdkNode(
      Opening opening,
      BlockNode file,
      Descriptor descriptor,
      List<Part> extents,
      @Nullable BlockNode backing) {
    super(opening);
    this.file = file;
    this.descriptor = descriptor;
    extents.forEach(part -> parts.put(part.start, part));
    size = extents.getLast().start + extents.getLast().length;
    hasBacking = backing != null;
    cid = descriptor.cid();
  }

  @Override
  public long size() {
    return size;
  }

  /** Changes when the disk does. */
  long cid() {
    return cid;
  }

  @Override
  public boolean growsAsZeroes() {
    return !hasBacking;
  }

  private interface Work {
    /** Something with a range of an extent. */
    void of(VmdkExtent extent, long offset, long done, long length);
  }

  private Part part(long offset) {
    return parts.floorEntry(offset).getValue();
  }

  private void forEach(long offset, long length, Work work) {
    for (long done = 0; done < length; ) {
      Part part = part(offset + done);
      long within = offset + done - part.start;
      long n = Math.min(length - done, part.length - within);
      work.of(part.extent, within, done, n);
      done += n;
    }
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    forEach(offset, to.byteSize(), (e, at, done, n) -> e.read(at, to.asSlice(done, n)));
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    changeCid();
    forEach(offset, from.byteSize(), (e, at, done, n) -> e.write(at, from.asSlice(done, n)));
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    changeCid();
    forEach(offset, length, (e, at, done, n) -> e.zero(at, n, mayUnmap));
  }

  @Override
  protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
    changeCid();
    for (long done = 0; done < length; ) {
      Part part = part(offset + done);
      long within = offset + done - part.start;
      long n = Math.min(length - done, part.length - within);
      if (!part.extent.zeroQuickly(within, n, mayUnmap)) {
        return false;
      }
      done += n;
    }
    return true;
  }

  @Override
  protected void discardAt(long offset, long length) {
    changeCid();
    forEach(offset, length, (e, at, done, n) -> e.discard(at, n));
  }

  /** The first write of a session says that the disk is not any more what others were made for. */
  private synchronized void changeCid() {
    if (cidChanged || descriptor.cidOffset() < 0) {
      return;
    }
    cidChanged = true;
    setCid(newCid());
  }

  private static long newCid() {
    return ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE);
  }

  private void setCid(long next) {
    writeId(descriptor.cidOffset(), next);
    cid = next;
  }

  private void writeId(long offset, long id) {
    FileBytes.write(file, offset, "%08x".formatted(id).getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public boolean knowsStateBehind() {
    return descriptor.parentName() != null && descriptor.parentCidOffset() >= 0;
  }

  /**
   * There is room for one id only: what is behind keeps its own until it has everything. Only a
   * power cut between the two ids then leaves an image that is refused.
   */
  @Override
  public void behindChanges(BlockNode behind, boolean begins) {
    if (!(behind.image() instanceof VmdkNode parent)) {
      return;
    }
    if (begins) {
      parent.keepCid();
    } else {
      requireWritable();
      parent.changeKeptCid(next -> {
        writeId(descriptor.parentCidOffset(), next);
        file.flush();
      });
    }
  }

  private synchronized void keepCid() {
    cidKept = !cidChanged && descriptor.cidOffset() >= 0;
    cidChanged = true;
  }

  private synchronized void changeKeptCid(LongConsumer first) {
    long next = cidKept ? newCid() : cid;
    first.accept(next);
    if (cidKept) {
      cidKept = false;
      setCid(next);
      file.flush();
    }
  }

  @Override
  protected void flushNow() {
    parts.values().forEach(part -> part.extent.flush());
    file.flush();
  }

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    Part part = part(offset);
    long within = offset - part.start;
    return part.extent.status(within, Math.min(length, part.length - within));
  }

  private VmdkExtent.@Nullable Sparse sparse() {
    return part(0).extent instanceof VmdkExtent.Sparse sparse ? sparse : null;
  }

  @Override
  public boolean compresses() {
    VmdkExtent.Sparse sparse = sparse();
    return sparse != null && sparse.header().compressed() && parts.size() == 1;
  }

  @Override
  public boolean compressesAlways() {
    return compresses();
  }

  @Override
  public void writeCompressed(long offset, MemorySegment from) {
    requireWritable();
    VmdkExtent.Sparse sparse = sparse();
    if (sparse == null || !compresses()) {
      ImageNode.super.writeCompressed(offset, from);
      return;
    }
    changeCid();
    sparse.writeCompressed(offset, from);
  }

  @Override
  public Facts facts() {
    var specific = new LinkedHashMap<String, Json>();
    specific.put("cid", Json.Num.of(cid));
    specific.put("parent-cid", Json.Num.of(descriptor.parentCid()));
    specific.put("create-type", new Json.Text(descriptor.createType()));
    specific.put(
        "extents", new Json.Array(parts.values().stream().<Json>map(VmdkNode::facts).toList()));
    VmdkExtent.Sparse sparse = sparse();
    String parent = descriptor.parentName();
    return new Facts(
        sparse == null ? 0 : sparse.header().grainSize(),
        false,
        false,
        parent,
        parent == null ? null : "vmdk",
        new Json.Members(specific));
  }

  private static Json facts(Part part) {
    var out = new LinkedHashMap<String, Json>();
    boolean sparse = part.extent instanceof VmdkExtent.Sparse;
    if (part.extent instanceof VmdkExtent.Sparse s && s.header().compressed()) {
      out.put("compressed", new Json.Bool(true));
    }
    out.put("virtual-size", Json.Num.of(part.length));
    out.put("filename", new Json.Text(part.file.filename()));
    if (sparse) {
      out.put("cluster-size", Json.Num.of(((VmdkExtent.Sparse) part.extent).header().grainSize()));
    }
    out.put("format", new Json.Text(part.kind));
    return new Json.Members(out);
  }

  /** Looks whether all that tables name is in the file. */
  @Override
  public CheckResult check(CheckResult.Repair repair, Consumer<String> report) {
    if (repair != CheckResult.Repair.NONE) {
      throw dev.kasuari.block.BlockException.notSupported("vmdk: nothing can be mended");
    }
    if (writable()) {
      flushNow();
    }
    long errors = 0;
    for (Part part : parts.values()) {
      for (long at = 0; at < part.length; ) {
        BlockStatus status = part.extent.status(at, part.length - at);
        boolean behind =
            part.extent instanceof VmdkExtent.Sparse
                && status.data()
                && status.offset() + status.length() > part.file.size();
        if (behind) {
          report.accept(
              "ERROR: cluster data at offset " + status.offset() + " is outside the file");
          errors++;
        }
        at += status.length();
      }
    }
    return new CheckResult(errors, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  @Override
  protected void closeNow() {
    try {
      if (writable()) {
        flushNow();
      }
    } finally {
      parts.values().forEach(part -> part.extent.close());
    }
  }
}
