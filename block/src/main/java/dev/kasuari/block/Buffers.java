package dev.kasuari.block;

import dev.kasuari.host.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Native memory that is read into or written from, zero at first and given back with an arena. An
 * arena's own would do, but is zeroed by a loop of Java: 5 ms for 2 MiB until that is compiled.
 */
public final class Buffers {
  private Buffers() {}

  /**
   * Memory for much, that begins where a page does: what the host copies fastest to and from, and
   * what it can do past its cache. The same copy into memory that begins 16 bytes behind took the
   * kernel three times as long ({@code compare} of 512 MiB: 0.7 s, not 0.23 s).
   */
  public static MemorySegment allocate(Arena arena, long size) {
    return HostMemory.pages(arena, size);
  }

  /** Memory for a few clusters, which is not worth pages of its own. */
  public static MemorySegment small(Arena arena, long size) {
    MemorySegment zeroes = Zeroes.some(size);
    return zeroes.byteSize() < size
        ? arena.allocate(size)
        : arena.allocateFrom(ValueLayout.JAVA_BYTE, zeroes, ValueLayout.JAVA_BYTE, 0, size);
  }
}
