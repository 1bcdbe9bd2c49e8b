package dev.kasuari.block.file;

import dev.kasuari.block.RangeLocks;
import dev.kasuari.host.HostException;
import dev.kasuari.host.HostFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Reads and writes a file that is opened past the host's cache: offsets, lengths and buffers have
 * to be multiples of what its file system says. What is not goes by way of a buffer of our own; of
 * a block that is written in part the rest is read before, and nobody else writes it meanwhile.
 */
final class DirectAccess {
  /** No file system asks for more. */
  private static final int MOST = 4096;

  private static final int CHUNK = 1 << 20;

  private final HostFile file;
  private final int unit;
  private final int memory;
  private final RangeLocks writing = new RangeLocks();

  private DirectAccess(HostFile file, int unit, int memory) {
    this.file = file;
    this.unit = unit;
    this.memory = memory;
  }

  /** Finds out by trying what the file system asks for. */
  static DirectAccess to(HostFile file) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(2 * MOST, MOST);
      // Where single bytes can be read it may be that nothing is there to be read: take the most.
      int unit = readable(file, buffer.asSlice(0, 1)) ? MOST : 512;
      while (unit < MOST && !readable(file, buffer.asSlice(0, unit))) {
        unit *= 2;
      }
      int memory = readable(file, buffer.asSlice(1, unit)) ? MOST : 512;
      while (memory < MOST && !readable(file, buffer.asSlice(memory, unit))) {
        memory *= 2;
      }
      return new DirectAccess(file, unit, memory);
    }
  }

  private static boolean readable(HostFile file, MemorySegment buffer) {
    try {
      return file.readSome(buffer, 0) >= 0;
    } catch (HostException e) {
      return false;
    }
  }

  /** The unit of offsets and lengths, bytes; a power of two. */
  int unit() {
    return unit;
  }

  private boolean aligned(MemorySegment bytes, long offset) {
    return ((offset | bytes.byteSize()) & (unit - 1)) == 0 && (bytes.address() & (memory - 1)) == 0;
  }

  /**
   * Reads into all of {@code to}, as far as the file goes.
   *
   * @return bytes read
   */
  long read(MemorySegment to, long offset) {
    if (aligned(to, offset)) {
      return readAligned(to, offset);
    }
    long size = to.byteSize();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(Math.min(CHUNK, size + 2L * unit) & -unit, MOST);
      for (long done = 0; done < size; ) {
        long at = offset + done;
        long start = at & -unit;
        long within = at - start;
        long length = Math.min(buffer.byteSize(), roundUp(within + size - done));
        long there = readAligned(buffer.asSlice(0, length), start) - within;
        long n = Math.clamp(there, 0, Math.min(length - within, size - done));
        MemorySegment.copy(buffer, within, to, done, n);
        done += n;
        if (there < length - within) {
          return done;
        }
      }
      return size;
    }
  }

  private long readAligned(MemorySegment to, long offset) {
    long size = to.byteSize();
    for (long done = 0; done < size; ) {
      long n = file.readSome(to.asSlice(done), offset + done);
      done += n;
      if (n == 0 || (n & (unit - 1)) != 0) {
        return done; // the end of the file
      }
    }
    return size;
  }

  /** Writes all of {@code from}. */
  void write(MemorySegment from, long offset) {
    if (aligned(from, offset)) {
      RangeLocks.Range range = writing.hold(offset, offset + from.byteSize(), false);
      try {
        file.write(from, offset);
      } finally {
        writing.release(range);
      }
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      long size = from.byteSize();
      MemorySegment buffer = arena.allocate(Math.min(CHUNK, size + 2L * unit) & -unit, MOST);
      for (long done = 0; done < size; ) {
        long within = (offset + done) & (unit - 1);
        long n = Math.min(size - done, buffer.byteSize() - within);
        writeBlocks(buffer, from.asSlice(done, n), offset + done);
        done += n;
      }
    }
  }

  private void writeBlocks(MemorySegment buffer, MemorySegment from, long offset) {
    long start = offset & -unit;
    long until = offset + from.byteSize();
    long end = roundUp(until);
    boolean whole = start == offset && end == until;
    boolean last = !whole && end > file.size(); // nobody may append while the end is being moved
    RangeLocks.Range range = writing.hold(start, last ? Long.MAX_VALUE : end, !whole);
    try {
      MemorySegment blocks = buffer.asSlice(0, end - start);
      if (start != offset) {
        fill(blocks.asSlice(0, unit), start);
      }
      if (end != until && (end - unit != start || start == offset)) {
        fill(blocks.asSlice(end - unit - start, unit), end - unit);
      }
      MemorySegment.copy(from, 0, blocks, offset - start, from.byteSize());
      long before = last ? file.size() : 0;
      file.write(blocks, start);
      if (last && Math.max(before, until) < end) {
        file.truncate(Math.max(before, until));
      }
    } finally {
      writing.release(range);
    }
  }

  private void fill(MemorySegment block, long offset) {
    long n = readAligned(block, offset);
    block.asSlice(n).fill((byte) 0);
  }

  private long roundUp(long n) {
    return (n + unit - 1) & -unit;
  }
}
