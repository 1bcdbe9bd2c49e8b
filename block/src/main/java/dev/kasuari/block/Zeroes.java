package dev.kasuari.block;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Zeroes, to compare with and to write. */
public final class Zeroes {
  private static final long CHUNK = 1 << 18;
  private static final MemorySegment SOME = Arena.ofAuto().allocate(CHUNK).asReadOnly();

  private Zeroes() {}

  /** True if all bytes are zero. */
  public static boolean all(MemorySegment bytes) {
    long size = bytes.byteSize();
    for (long at = 0; at < size; at += CHUNK) {
      long length = Math.min(CHUNK, size - at);
      if (bytes.asSlice(at, length).mismatch(SOME.asSlice(0, length)) >= 0) {
        return false;
      }
    }
    return true;
  }

  /** Where the run of zero or non-zero units that begins at {@code from} ends. */
  public static long runEnd(MemorySegment bytes, long from, long unit, boolean zero) {
    long size = bytes.byteSize();
    long at = from;
    while (at < size && all(bytes.asSlice(at, Math.min(unit, size - at))) == zero) {
      at += unit;
    }
    return Math.min(at, size);
  }

  /** So many bytes, or as many as there are: read only, native. */
  public static MemorySegment some(long length) {
    return SOME.asSlice(0, Math.min(length, CHUNK));
  }

  /** Writes zeroes as data, past what a node does with zeroes. */
  public static void write(BlockNode node, long offset, long length) {
    for (long done = 0; done < length; ) {
      MemorySegment part = some(length - done);
      node.writeAt(offset + done, part);
      done += part.byteSize();
    }
  }
}
