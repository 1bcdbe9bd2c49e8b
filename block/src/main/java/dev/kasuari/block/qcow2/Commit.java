package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Brings changed metadata to the file in an order in which the file makes sense at any instant,
 * even if of the writes since the last barrier (a flush of the file) any have been lost:
 *
 * <ol>
 *   <li>Data has been written when its entry is changed in memory. What overwrites in place changes
 *       no metadata.
 *   <li>Counts of references, and L2 tables that no L1 entry names yet.
 *   <li>A barrier: nothing is named before it is there and counted.
 *   <li>Entries of L2 tables and of the L1 table.
 *   <li>A barrier: nothing is given to others while the file still names it as what it was.
 *   <li>What those entries named before is counted as free, in memory; the next time in the file.
 * </ol>
 *
 * What a power cut leaves is at most clusters that are counted and not used: leaks. With lazy
 * reference counts step 2 leaves out the counts: the dirty bit is set before, and whoever opens the
 * image with that bit counts anew.
 */
final class Commit {
  /** A run of clusters that nothing in memory names any more. */
  private record Free(long offset, long bytes, Discards.Reason reason) {}

  /** So many of them make a commit worth while. */
  private static final int MOST_FREES = 4096;

  private final BlockNode file;
  private final Header header;
  private final GuestData data;
  private final ReentrantLock lock;
  private final ReentrantLock running = new ReentrantLock();
  private volatile boolean lazy;
  private @Nullable ClusterMap map;
  private @Nullable Refcounts refcounts;
  private List<Free> frees = new ArrayList<>();

  Commit(BlockNode file, Header header, GuestData data, ReentrantLock lock) {
    this.data = data;
    this.file = file;
    this.header = header;
    this.lock = lock;
    lazy = (header.compatible & Header.LAZY_REFCOUNTS) != 0 && header.version == 3;
  }

  /**
   * Leaves reference counts for later, or not, whatever the image says.
   *
   * @throws BlockException for version 2, which cannot say that they are behind
   */
  void lazy(boolean on) {
    if (on && header.version < 3) {
      throw BlockException.invalid(
          "Lazy refcounts require a qcow2 image with at least qemu 1.1 compatibility level");
    }
    lazy = on;
  }

  void connect(ClusterMap clusterMap, Refcounts counts) {
    map = clusterMap;
    refcounts = counts;
  }

  /** Notes that these clusters are used once less as soon as the file does not name them. */
  void free(long offset, long bytes) {
    free(offset, bytes, Discards.Reason.OTHER);
  }

  /** The same, and why. */
  void free(long offset, long bytes, Discards.Reason reason) {
    if (!frees.isEmpty()) {
      Free last = frees.getLast();
      boolean follows = last.offset + last.bytes == offset && (offset & 511) == 0;
      if (follows && last.reason == reason) {
        frees.set(frees.size() - 1, new Free(last.offset, last.bytes + bytes, reason));
        return;
      }
    }
    frees.add(new Free(offset, bytes, reason));
  }

  /** Commits if much has changed since the last time. Not under the lock. */
  void relieve() {
    boolean much;
    lock.lock();
    try {
      much = map().cache().full() || counts().cache().full() || frees.size() > MOST_FREES;
    } finally {
      lock.unlock();
    }
    if (much) {
      run(counts().cache().full());
    }
  }

  private ClusterMap map() {
    if (map == null) {
      throw new IllegalStateException("not connected");
    }
    return map;
  }

  private Refcounts counts() {
    if (refcounts == null) {
      throw new IllegalStateException("not connected");
    }
    return refcounts;
  }

  /** All that has changed, copied at one instant. */
  private record Batch(
      List<TableCache.Copy> counts,
      List<TableCache.Copy> unlinked,
      List<TableCache.Copy> linked,
      Map<Integer, Long> l1,
      List<Free> frees) {
    boolean links() {
      return !unlinked.isEmpty() || !linked.isEmpty() || !l1.isEmpty();
    }
  }

  /** Everything that had changed is in its file, and on the medium, when this returns. */
  void flush() {
    data.flush();
    run(false);
    file.flush();
  }

  /**
   * The steps above.
   *
   * @param countsToo write reference counts although they are lazy
   */
  void run(boolean countsToo) {
    running.lock();
    try (Arena arena = Arena.ofShared()) {
      Batch batch = take(arena, countsToo);
      boolean done = false;
      try {
        write(batch);
        done = true;
      } finally {
        finish(batch, done);
      }
      release(batch.frees);
    } finally {
      running.unlock();
    }
  }

  /** Brings everything to the medium; for who is {@link #alone}. */
  void settle() {
    run(true);
    file.flush();
  }

  /** Does something while nobody else commits. Not under the lock. */
  void alone(Runnable work) {
    running.lock();
    try {
      work.run();
    } finally {
      running.unlock();
    }
  }

  private Batch take(Arena arena, boolean countsToo) {
    lock.lock();
    try {
      boolean leave = lazy && !countsToo;
      if (leave && counts().cache().hasDirty()) {
        setDirty(true);
      }
      List<TableCache.Copy> countCopies = leave ? List.of() : counts().cache().copyDirty(arena);
      var unlinked = new ArrayList<TableCache.Copy>();
      var linked = new ArrayList<TableCache.Copy>();
      for (TableCache.Copy copy : map().cache().copyDirty(arena)) {
        (map().unlinked(copy.piece().owner) ? unlinked : linked).add(copy);
      }
      List<Free> taken = frees;
      frees = new ArrayList<>();
      return new Batch(countCopies, unlinked, linked, map().takeDirtyL1(), taken);
    } finally {
      lock.unlock();
    }
  }

  private void write(Batch batch) {
    batch.counts.forEach(this::write);
    batch.unlinked.forEach(this::write);
    if (batch.links()) {
      data.flush();
      file.flush();
      batch.linked.forEach(this::write);
      writeL1(batch.l1);
    }
    if (!batch.frees.isEmpty()) {
      file.flush();
    }
  }

  private void write(TableCache.Copy copy) {
    file.write(copy.piece().offset, copy.bytes());
  }

  private void writeL1(Map<Integer, Long> entries) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment entry = arena.allocate(8);
      entries.forEach((index, value) -> {
        entry.set(TableCache.LONG, 0, value);
        file.write(header.l1Offset + index * 8L, entry);
      });
    }
  }

  private void finish(Batch batch, boolean done) {
    lock.lock();
    try {
      counts().cache().saved(batch.counts, done);
      map().cache().saved(batch.unlinked, done);
      map().cache().saved(batch.linked, done);
      if (!done) {
        map().dirtyAgain(batch.l1.keySet());
        frees.addAll(batch.frees);
      }
    } finally {
      lock.unlock();
    }
  }

  private void release(List<Free> free) {
    for (Free run : free) {
      lock.lock();
      try {
        counts().release(run.offset, run.bytes, run.reason);
      } finally {
        lock.unlock();
      }
    }
  }

  /** Sets or clears the bit that says that reference counts may be wrong. */
  void setDirty(boolean value) {
    if (header.version == 3 && header.has(Header.DIRTY) != value) {
      header.incompatible ^= Header.DIRTY;
      header.writeFixed(file);
      file.flush();
    }
  }

  /** Brings everything to the file, and leaves it as if it had never been open. */
  void close() {
    run(true); // what this frees ...
    run(true); // ... is counted by this
    data.flush();
    file.flush();
    if (lazy) {
      setDirty(false);
    }
  }
}
