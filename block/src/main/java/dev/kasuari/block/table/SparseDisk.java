package dev.kasuari.block.table;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.RangeLocks;
import dev.kasuari.block.table.BlockMap.Entry;
import dev.kasuari.block.table.BlockMap.Kind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a disk whose blocks a {@link BlockMap} finds in a file. A block that is not there
 * gets room when it is written first.
 *
 * <p>A new block is written whole before it is linked in memory, and is on the medium before the
 * file names it; so a power cut leaves blocks that nothing names, at most. The lock guards tables
 * and is not held while data moves.
 */
public final class SparseDisk implements AutoCloseable {
  private static final long CHUNK = 1 << 20;
  private static final int MOST_ENTRIES = 4096;

  /** What has the bytes of blocks that are not there. */
  public interface Behind {
    /** Reads into all of {@code to}. */
    void read(long offset, MemorySegment to);
  }

  private final BlockNode file;
  private final long blockSize;
  private final BlockMap map;
  private final TablePages pages;
  private final @Nullable Behind behind;
  private final RangeLocks ranges = new RangeLocks();
  private final ReentrantLock lock = new ReentrantLock();
  private final ReentrantLock running = new ReentrantLock();

  /** Where in the file nothing has ever been. */
  private long freshFrom;

  /**
   * A disk.
   *
   * @param blockSize bytes, a multiple of 512
   * @param pages the tables that {@code map} is made of; closed with the disk
   * @param behind null if blocks that are not there are zero
   */
  public SparseDisk(
      BlockNode file, long blockSize, BlockMap map, TablePages pages, @Nullable Behind behind) {
    this.file = file;
    this.blockSize = blockSize;
    this.map = map;
    this.pages = pages;
    this.behind = behind;
    freshFrom = file.growsAsZeroes() ? file.size() : Long.MAX_VALUE;
  }

  /** Bytes of a node, and zeroes behind its end. */
  public static @Nullable Behind behind(@Nullable BlockNode node, long shift) {
    if (node == null) {
      return null;
    }
    return (offset, to) -> {
      long there = Math.clamp(node.size() - shift - offset, 0, to.byteSize());
      if (there > 0) {
        node.read(shift + offset, to.asSlice(0, there));
      }
      to.asSlice(there).fill((byte) 0);
    };
  }

  /** Does something under the lock. */
  public <T> T locked(Supplier<T> work) {
    lock.lock();
    try {
      return work.get();
    } finally {
      lock.unlock();
    }
  }

  private long inBlock(long offset, long length) {
    return Math.min(length, blockSize - offset % blockSize);
  }

  /** Reads into all of {@code to}. */
  public void read(long offset, MemorySegment to) {
    RangeLocks.Range range = ranges.hold(offset, offset + to.byteSize(), false);
    try {
      for (long done = 0; done < to.byteSize(); ) {
        done += readSome(offset + done, to.asSlice(done));
      }
    } finally {
      ranges.release(range);
    }
  }

  /** Reads the beginning of a range that somebody holds, and returns how much that was. */
  private long readSome(long offset, MemorySegment to) {
    Entry first = locked(() -> map.get(offset / blockSize));
    if (first.kind() == Kind.PACKED) {
      MemorySegment part = to.asSlice(0, inBlock(offset, to.byteSize()));
      readPacked(first, offset, part);
      return part.byteSize();
    }
    long length = locked(() -> run(first, offset, to.byteSize()));
    MemorySegment part = to.asSlice(0, length);
    switch (first.kind()) {
      case DATA -> file.read(first.offset() + offset % blockSize, part);
      case ABSENT -> readBehind(offset, part);
      default -> part.fill((byte) 0);
    }
    return length;
  }

  private void readBehind(long offset, MemorySegment to) {
    if (behind == null) {
      to.fill((byte) 0);
    } else {
      behind.read(offset, to);
    }
  }

  private void readPacked(Entry entry, long offset, MemorySegment to) {
    if (to.byteSize() == blockSize) {
      map.unpack(offset / blockSize, entry, to);
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment whole = arena.allocate(blockSize);
      map.unpack(offset / blockSize, entry, whole);
      to.copyFrom(whole.asSlice(offset % blockSize, to.byteSize()));
    }
  }

  /** How far all is as at {@code offset}, and in a row in the file. */
  private long run(Entry first, long offset, long most) {
    long index = offset / blockSize;
    long blocks = map.alike(index);
    for (int looks = 1; looks < MOST_ENTRIES; looks++) {
      if (length(offset, blocks) >= most) {
        break;
      }
      Entry next = map.get(index + blocks);
      boolean same =
          next.kind() == first.kind()
              && next.kind() != Kind.PACKED
              && (next.kind() != Kind.DATA || next.offset() == first.offset() + blocks * blockSize);
      if (!same) {
        break;
      }
      blocks += map.alike(index + blocks);
    }
    return Math.min(most, length(offset, blocks));
  }

  private long length(long offset, long blocks) {
    return blocks * blockSize - offset % blockSize;
  }

  /** What is known of a range. */
  public BlockStatus status(long offset, long length) {
    return locked(() -> {
      Entry first = map.get(offset / blockSize);
      long run = run(first, offset, length);
      return switch (first.kind()) {
        case DATA -> BlockStatus.data(run, first.offset() + offset % blockSize);
        case PACKED -> BlockStatus.packed(run);
        case ZERO -> BlockStatus.zero(run, BlockStatus.NO_OFFSET);
        case ABSENT -> BlockStatus.absent(run);
      };
    });
  }

  /** What a range becomes. */
  private interface Source {
    /** Puts a part of it there in the file. */
    void put(long to, long start, long length);
  }

  /** Writes all of {@code from}. */
  public void write(long offset, MemorySegment from) {
    relieve();
    Source source = (to, start, length) -> file.write(to, from.asSlice(start, length));
    long size = from.byteSize();
    for (long done = 0; done < size; ) {
      long n = overwrite(offset + done, from.asSlice(done));
      if (n == 0) {
        n = allocate(offset + done, inGroup(offset + done, size - done), shifted(source, done));
      }
      done += n;
    }
  }

  private static Source shifted(Source source, long by) {
    return (to, start, length) -> source.put(to, by + start, length);
  }

  private long inGroup(long offset, long length) {
    return Math.min(length, length(offset, map.together(offset / blockSize)));
  }

  /** Writes what has its place already, and returns how much of the beginning that was. */
  private long overwrite(long offset, MemorySegment from) {
    RangeLocks.Range range = ranges.hold(offset, offset + from.byteSize(), false);
    try {
      Entry entry = locked(() -> map.get(offset / blockSize));
      if (entry.kind() != Kind.DATA) {
        return 0;
      }
      long length = locked(() -> run(entry, offset, from.byteSize()));
      for (long at = 0; at < length; at += blockSize) {
        map.beforeOverwrite(offset / blockSize + at / blockSize, entry.offset() + at);
      }
      file.write(entry.offset() + offset % blockSize, from.asSlice(0, length));
      return length;
    } finally {
      ranges.release(range);
    }
  }

  /**
   * Writes into blocks of a group that have no place of their own, and returns how much of the
   * beginning that was.
   */
  private long allocate(long offset, long length, Source source) {
    RangeLocks.Range range = holdBlocks(offset, length);
    try {
      long index = offset / blockSize;
      Entry before = locked(() -> map.get(index));
      if (before.kind() == Kind.DATA) { // somebody was faster
        long n = inBlock(offset, length);
        map.beforeOverwrite(index, before.offset());
        source.put(before.offset() + offset % blockSize, 0, n);
        return n;
      }
      long blocks = locked(() -> same(before, offset, length));
      long n = Math.min(length, length(offset, blocks));
      allocate(before, index, blocks, offset % blockSize, n, source);
      return n;
    } finally {
      ranges.release(range);
    }
  }

  private RangeLocks.Range holdBlocks(long offset, long length) {
    long end = (offset + length + blockSize - 1) / blockSize * blockSize;
    return ranges.hold(offset / blockSize * blockSize, end, true);
  }

  /** How many blocks of a range in a group are of one kind. */
  private long same(Entry first, long offset, long length) {
    long index = offset / blockSize;
    long wanted = (offset + length - 1) / blockSize - index + 1;
    long blocks = map.alike(index);
    while (blocks < wanted
        && first.kind() != Kind.PACKED
        && map.get(index + blocks).kind() == first.kind()) {
      blocks += map.alike(index + blocks);
    }
    return Math.min(blocks, wanted);
  }

  private void allocate(
      Entry before, long index, long blocks, long within, long length, Source source) {
    Room room = locked(() -> room(index, blocks));
    for (long i = 0; i < blocks; i++) {
      map.prepare(index + i, room.offset + i * blockSize);
    }
    fill(before, index, room, within, length, source);
    locked(() -> {
      for (long i = 0; i < blocks; i++) {
        map.link(index + i, room.offset + i * blockSize);
      }
      return true;
    });
  }

  /** A place for blocks in a row; {@code fresh} if it reads as zero. */
  private record Room(long offset, long size, boolean fresh) {}

  private Room room(long index, long blocks) {
    long offset = map.place(index);
    boolean fresh = offset >= freshFrom;
    if (freshFrom != Long.MAX_VALUE) {
      freshFrom = Math.max(freshFrom, offset + blocks * blockSize);
    }
    return new Room(offset, blocks * blockSize, fresh);
  }

  private void fill(Entry before, long index, Room room, long within, long length, Source source) {
    long end = within + length;
    boolean zero = before.kind() == Kind.ZERO || (before.kind() == Kind.ABSENT && behind == null);
    if (!zero) {
      copyOld(before, index, room.offset, 0, within);
      source.put(room.offset + within, 0, length);
      copyOld(before, index, room.offset, end, room.size);
    } else if (room.fresh) {
      source.put(room.offset + within, 0, length);
      if (end < room.size && file.size() < room.offset + room.size) {
        file.writeZeroes(room.offset + end, room.size - end, true);
      }
    } else {
      if (within > 0) {
        file.writeZeroes(room.offset, within, true);
      }
      source.put(room.offset + within, 0, length);
      if (end < room.size) {
        file.writeZeroes(room.offset + end, room.size - end, true);
      }
    }
  }

  /** Copies a part of a block as it was to its new place. */
  private void copyOld(Entry before, long index, long to, long start, long end) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.clamp(end - start, 1, CHUNK));
      for (long at = start; at < end; at += CHUNK) {
        MemorySegment part = bytes.asSlice(0, Math.min(CHUNK, end - at));
        if (before.kind() == Kind.PACKED) {
          readPacked(before, index * blockSize + at, part);
        } else {
          readBehind(index * blockSize + at, part);
        }
        file.write(to + at, part);
      }
    }
  }

  /** Makes bytes zero. */
  public void zero(long offset, long length, boolean mayUnmap) {
    zero(offset, length, mayUnmap, false);
  }

  /**
   * Makes bytes zero if tables can say it, or the file does it quickly to those in their place.
   *
   * @return false if it would take as long as to write them: they are as before, or some of them
   *     zero
   */
  public boolean zeroQuickly(long offset, long length, boolean mayUnmap) {
    return zero(offset, length, mayUnmap, true);
  }

  private boolean zero(long offset, long length, boolean mayUnmap, boolean quickly) {
    for (long done = 0; done < length; ) {
      relieve();
      long at = offset + done;
      long n = zeroSome(at, inGroup(at, length - done), mayUnmap, quickly);
      if (n == 0) {
        return false;
      }
      done += n;
    }
    return true;
  }

  /**
   * Makes the beginning of a range in a group zero, and returns how much that was; 0 if it is to be
   * quick and cannot be.
   */
  private long zeroSome(long offset, long length, boolean mayUnmap, boolean quickly) {
    RangeLocks.Range range = holdBlocks(offset, length);
    try {
      long index = offset / blockSize;
      Entry entry = locked(() -> map.get(index));
      long blocks = locked(() -> same(entry, offset, length));
      long n = Math.min(length, length(offset, blocks));
      if (entry.kind() == Kind.DATA) {
        for (long i = 0; i < blocks; i++) {
          map.beforeOverwrite(index + i, entry.offset() + i * blockSize);
        }
        return zeroInPlace(entry.offset() + offset % blockSize, n, mayUnmap, quickly) ? n : 0;
      }
      boolean zero = entry.kind() == Kind.ZERO || (entry.kind() == Kind.ABSENT && behind == null);
      boolean whole = offset % blockSize == 0 && n == blocks * blockSize;
      if (!zero && !(whole && locked(() -> map.linkZeroes(index, blocks)))) {
        if (quickly) {
          return 0;
        }
        Source zeroes = (to, start, part) -> file.writeZeroes(to, part, mayUnmap);
        allocate(entry, index, blocks, offset % blockSize, n, zeroes);
      }
      return n;
    } finally {
      ranges.release(range);
    }
  }

  private boolean zeroInPlace(long offset, long length, boolean mayUnmap, boolean quickly) {
    if (quickly) {
      return file.zeroQuickly(offset, length, mayUnmap);
    }
    file.writeZeroes(offset, length, mayUnmap);
    return true;
  }

  /**
   * Gives a block a place that the caller has written already, whatever was said of it before.
   *
   * @return false if it has one
   */
  public boolean adopt(long index, Supplier<Long> writer) {
    relieve();
    RangeLocks.Range range = ranges.hold(index * blockSize, (index + 1) * blockSize, true);
    try {
      Kind kind = locked(() -> map.get(index)).kind();
      if (kind == Kind.DATA || kind == Kind.PACKED) {
        return false;
      }
      long offset = writer.get();
      locked(() -> {
        map.link(index, offset);
        return true;
      });
      return true;
    } finally {
      ranges.release(range);
    }
  }

  private void relieve() {
    if (locked(pages::full)) {
      commit();
    }
  }

  /** Brings changed tables to the file, behind a barrier. */
  public void commit() {
    running.lock();
    try (Arena arena = Arena.ofShared()) {
      List<TablePages.Copy> copies = locked(() -> pages.copyChanged(arena));
      boolean done = false;
      try {
        if (!copies.isEmpty()) {
          map.beforeLinks();
          file.flush();
          map.writeLinks(copies);
        }
        done = true;
      } finally {
        boolean went = done;
        locked(() -> {
          pages.saved(copies, went);
          return true;
        });
      }
    } finally {
      running.unlock();
    }
  }

  /** All that was written is on the medium when this returns. */
  public void flush() {
    commit();
    file.flush();
  }

  @Override
  public void close() {
    pages.close();
  }
}
