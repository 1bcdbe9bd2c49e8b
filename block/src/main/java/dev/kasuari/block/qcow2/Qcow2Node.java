package dev.kasuari.block.qcow2;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Buffers;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.RangeLocks;
import dev.kasuari.block.Snapshot;
import dev.kasuari.block.qcow2.ClusterMap.Kind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An open image. Reading and writing where clusters are; {@link Allocation} gives them places.
 *
 * <p>The lock guards metadata in memory and is not held while data is read or written; {@link
 * RangeLocks} keep clusters where they are meanwhile.
 */
final class Qcow2Node extends BlockNode implements ImageNode {
  final BlockNode file;
  final GuestData data;
  private final @Nullable String secret;
  private final OverlapCheck overlapCheck;
  private volatile @Nullable BlockNode backing;
  final Metadata metadata;
  final Header header;
  final Geometry g;
  final RangeLocks ranges = new RangeLocks();
  final Commit commit;
  final Refcounts refcounts;
  final ClusterMap map;
  final Compression compression;
  private final Allocation allocation;
  private final Resize resize;
  private final MachineState state;
  private final Snapshots snapshots;
  private final StoredBitmaps stored;
  private @Nullable CacheCleaner cleaner;

  Qcow2Node(
      Opening opening,
      BlockNode file,
      @Nullable BlockNode backing,
      GuestData data,
      @Nullable String secret,
      Header header,
      Caches caches,
      OverlapCheck overlapCheck) {

    super(opening);
    this.file = file;
    this.data = data;
    this.secret = secret;
    this.overlapCheck = overlapCheck;
    this.backing = backing;
    this.header = header;
    metadata = new Metadata(file, header, data, caches, super::writable);
    g = metadata.g;
    commit = metadata.commit;
    refcounts = metadata.refcounts;
    map = metadata.map;
    compression = Compression.of(header.compressionType);
    allocation = new Allocation(this);
    resize = new Resize(this, allocation);
    state = new MachineState(this, resize);
    snapshots = new Snapshots(this);
    stored = new StoredBitmaps(this);
  }

  /** Its snapshots. */
  Snapshots internalSnapshots() {
    return snapshots;
  }

  @Override
  public long size() {
    return header.size;
  }

  @Override
  public boolean growsAsZeroes() {
    return backing == null;
  }

  /** What is read where this image says nothing, or null. */
  @Nullable BlockNode backing() {
    return backing;
  }

  @Override
  protected void childChanged(String slot, @Nullable BlockNode node) {
    if (slot.equals("backing")) {
      backing = node;
    } else {
      super.childChanged(slot, node);
    }
  }

  @Override
  protected void accessChanging(Access to) {
    if (writable() && !to.writable()) {
      stored.store();
      commit.close();
    }
  }

  @Override
  protected void accessChanged(Access before) {
    if (access().writable() == before.writable()) {
      return;
    }
    if (access().writable()) {
      Qcow2Driver.prepare(this);
    }
    stored.reload();
  }

  @Override
  public boolean writable() {
    return super.writable() && !header.has(Header.CORRUPT);
  }

  <T> T locked(Supplier<T> work) {
    return metadata.locked(work);
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    RangeLocks.Range range = ranges.hold(offset, offset + to.byteSize(), false);
    try {
      readHeld(offset, to);
    } finally {
      ranges.release(range);
    }
  }

  /** Reads a range that somebody holds. */
  void readHeld(long offset, MemorySegment to) {
    long size = to.byteSize();
    for (long done = 0; done < size; ) {
      long at = offset + done;
      long left = size - done;
      ClusterMap.Run run = locked(() -> map.run(at, left));
      readRun(run, at, to.asSlice(done, run.length()));
      done += run.length();
    }
  }

  private void readRun(ClusterMap.Run run, long offset, MemorySegment to) {
    switch (run.kind()) {
      case DATA -> data.read(run.host(), offset, to);
      case ZERO -> to.fill((byte) 0);
      case ABSENT -> readBacking(offset, to);
      case COMPRESSED -> readCompressed(run.cluster(), offset & g.clusterMask(), to);
    }
  }

  private void readBacking(long offset, MemorySegment to) {
    BlockNode behind = backing;
    long there = behind == null ? 0 : Math.clamp(behind.size() - offset, 0, to.byteSize());
    if (behind != null && there > 0) {
      behind.read(offset, to.asSlice(0, there));
    }
    to.asSlice(there).fill((byte) 0);
  }

  private void readCompressed(Cluster c, long within, MemorySegment to) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment packed = Buffers.small(arena, c.compressedSize());
      file.read(c.host(), packed);
      if (within == 0 && to.byteSize() == g.clusterSize()) {
        compression.decompress(packed, to);
        return;
      }
      MemorySegment whole = Buffers.small(arena, g.clusterSize());
      compression.decompress(packed, whole);
      to.copyFrom(whole.asSlice(within, to.byteSize()));
    }
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    commit.relieve();
    long size = from.byteSize();
    for (long done = 0; done < size; ) {
      long n = overwrite(offset + done, from.asSlice(done));
      if (n == 0) {
        n = allocation.write(offset + done, from.asSlice(done));
      }
      done += n;
    }
  }

  /** Writes what has its place already, and returns how much of the beginning that was. */
  private long overwrite(long offset, MemorySegment from) {
    RangeLocks.Range range = ranges.hold(offset, offset + from.byteSize(), false);
    try {
      ClusterMap.Run run = locked(() -> inPlace(offset, from.byteSize()));
      if (run.length() > 0) {
        data.write(run.host(), offset, from.asSlice(0, run.length()));
      }
      return run.length();
    } finally {
      ranges.release(range);
    }
  }

  private ClusterMap.Run inPlace(long offset, long length) {
    ClusterMap.Run run = map.run(offset, length);
    if (run.kind() != Kind.DATA || !run.cluster().exclusive()) {
      return new ClusterMap.Run(run.kind(), 0, 0, run.cluster());
    }
    long known = Math.min(run.length(), g.clusterSize() - (offset & g.clusterMask()));
    while (known < run.length() && map.get((offset + known) >>> g.clusterBits()).exclusive()) {
      known = Math.min(run.length(), known + g.clusterSize());
    }
    refuseOverlap(run.host(), known);
    return new ClusterMap.Run(run.kind(), run.host(), known, run.cluster());
  }

  /** Data is never written over metadata, whatever the image says, unless the user wants that. */
  void refuseOverlap(long host, long length) {
    if (!data.external()) {
      overlapCheck.refuse(this, host, length);
    }
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    commit.relieve();
    allocation.zero(offset, length, mayUnmap);
  }

  @Override
  protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
    commit.relieve();
    return allocation.zeroQuickly(offset, length, mayUnmap);
  }

  @Override
  protected void discardAt(long offset, long length) {
    commit.relieve();
    allocation.discard(offset, length);
  }

  @Override
  public boolean compresses() {
    return !data.external() && !data.encrypted();
  }

  @Override
  public void writeCompressed(long offset, MemorySegment from) {
    requireWritable();
    if (!compresses()) {
      throw BlockException.notSupported(
          data.encrypted()
              ? "Compression and encryption not supported at the same time"
              : "Compression is not supported with an external data file");
    }
    commit.relieve();
    try {
      allocation.writeCompressed(offset, from);
    } finally {
      bitmaps().note(offset, from.byteSize());
    }
  }

  @Override
  protected void flushNow() {
    commit.flush();
  }

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    ClusterMap.Run run = locked(() -> map.run(offset, length));
    boolean known = run.host() != 0 && !data.encrypted();
    long host = known ? run.host() & ~Geometry.EXTERNAL : BlockStatus.NO_OFFSET;
    return switch (run.kind()) {
      case DATA -> BlockStatus.data(run.length(), host);
      case COMPRESSED -> BlockStatus.packed(run.length());
      case ZERO -> BlockStatus.zero(run.length(), host);
      case ABSENT -> BlockStatus.absent(run.length());
    };
  }

  @Override
  protected void truncateTo(long size, Preallocation preallocation) {
    resize.to(size, preallocation);
  }

  @Override
  public Facts facts() {
    return Description.of(this);
  }

  @Override
  public CheckResult check(CheckResult.Repair repair, Consumer<String> report) {
    CheckResult[] result = new CheckResult[1];
    commit.alone(() -> {
      if (super.writable()) {
        commit.settle();
        commit.settle();
      }
      result[0] = metadata.locked(() -> new Check(this, repair, report).run());
      boolean whole = result[0].corruptions() == 0 && result[0].checkErrors() == 0;
      if (repair == CheckResult.Repair.ALL && whole) {
        commit.setDirty(false);
        clearCorrupt();
      }
    });
    return result[0];
  }

  private void clearCorrupt() {
    if (header.has(Header.CORRUPT)) {
      header.incompatible &= ~Header.CORRUPT;
      header.writeFixed(file);
      file.flush();
    }
  }

  @Override
  public List<Snapshot> snapshots() {
    return snapshots.entries().stream().map(Snapshots.Entry::facts).toList();
  }

  @Override
  public void createSnapshot(String name, long seconds, int nanoseconds) {
    requireWritable();
    if (data.external()) {
      throw BlockException.notSupported("Operation not supported");
    }
    snapshots.create(name, seconds, nanoseconds);
  }

  @Override
  public void applySnapshot(String idOrName) {
    requireWritable();
    if (!bitmaps().all().isEmpty()) {
      throw BlockException.notSupported("Device has active dirty bitmaps");
    }
    snapshots.apply(idOrName);
  }

  @Override
  public boolean showsSnapshots() {
    return true;
  }

  @Override
  public void showSnapshot(String id) {
    if (writable()) {
      throw BlockException.invalid("Device is not readonly");
    }
    snapshots.show(id);
  }

  @Override
  public boolean keepsState() {
    return !data.external(); // it would lie behind the end of the data file, which is the disk
  }

  @Override
  public long stateOffset() {
    return state.start();
  }

  @Override
  public void readState(long offset, MemorySegment to) {
    state.read(offset, to);
  }

  @Override
  public void writeState(long offset, MemorySegment from) {
    requireWritable();
    state.write(offset, from);
  }

  /** The id of the secret that decrypts it, if it was given. */
  @Nullable String secret() {
    return secret;
  }

  /** Makes data, or nothing, of clusters that are zero, where there are only these two. */
  void expandZeroes() {
    allocation.expandZeroes();
    commit.flush();
  }

  /** The bitmaps that it keeps. */
  StoredBitmaps storedBitmaps() {
    return stored;
  }

  @Override
  public boolean keepsBitmaps() {
    return header.version == 3;
  }

  @Override
  protected void refuseBitmap(String bitmap, long granularity) {
    String attempt = "Can't make bitmap '" + bitmap + "' persistent in '" + name() + "'";
    if (header.version == 2) {
      throw BlockException.notSupported("Cannot store dirty bitmaps in qcow2 v2 files").in(attempt);
    }
    if (bitmaps().persistent().size() >= BitmapDirectory.MOST) {
      throw BlockException.invalid("Maximum number of persistent bitmaps is already reached")
          .in(attempt);
    }
    if (granularity > 0 && size() / granularity / 8 > StoredBitmaps.MOST_BYTES) {
      throw BlockException.invalid(
              "Too much space will be occupied by the bitmap. Use larger granularity")
          .in(attempt);
    }
  }

  @Override
  public void deleteSnapshot(String idOrName) {
    requireWritable();
    snapshots.delete(idOrName);
  }

  @Override
  public void changeBacking(@Nullable String name, @Nullable String format) {
    requireWritable();
    commit.flush();
    locked(() -> {
      header.backingFile = name;
      header.setExtension(Header.EXTENSION_BACKING_FORMAT, format);
      header.update(file);
      return true;
    });
  }

  @Override
  public void makeEmpty() {
    requireWritable();
    allocation.forget(0, (size() + g.clusterMask()) & ~g.clusterMask());
    bitmaps().note(0, size());
    commit.flush();
  }

  /** Gives back what is in memory of one that could not be opened after all. */
  void abandon() {
    stopCleaning();
    metadata.close();
    compression.close();
  }

  /** Keeps tables no longer than they are used, within so many seconds. */
  void cleanCaches(long seconds) {
    cleaner = CacheCleaner.start(this, seconds);
  }

  private void stopCleaning() {
    if (cleaner != null) {
      cleaner.close();
    }
  }

  @Override
  protected void closeNow() {
    try {
      if (writable()) {
        try {
          stored.store();
        } finally {
          commit.close();
        }
      }
    } finally {
      stopCleaning();
      metadata.close();
      compression.close();
    }
  }
}
