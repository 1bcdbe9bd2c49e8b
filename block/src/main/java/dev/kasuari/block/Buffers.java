package dev.kasuari.block;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Native memory that much is read into or written from. */
public final class Buffers {
  /** What the host copies fastest to and from, and what it can do past its cache: whole pages. */
  private static final long ALIGNMENT = 4096;

  private Buffers() {}

  /**
   * Memory that begins where a page does. The same copy into memory that begins 16 bytes behind
   * took the kernel three times as long ({@code compare} of 512 MiB: 0.7 s, not 0.23 s).
   */
  public static MemorySegment allocate(Arena arena, long size) {
    return arena.allocate(size, ALIGNMENT);
  }
}
