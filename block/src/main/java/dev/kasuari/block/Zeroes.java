package dev.kasuari.block;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Zeroes, to compare with and to write. */
public final class Zeroes {
  private static final int CHUNK = 1 << 18;
  private static final MemorySegment SOME =
      MemorySegment.ofBuffer(ByteBuffer.allocateDirect(CHUNK)).asReadOnly();

  private Zeroes() {}

  /** True if all bytes are zero. */
  public static boolean all(MemorySegment bytes) {
    return all(bytes, 0, bytes.byteSize());
  }

  /** Whether a range of them is; without a segment made for each question. */
  private static boolean all(MemorySegment bytes, long from, long end) {
    for (long at = from; at < end; at += CHUNK) {
      long length = Math.min(CHUNK, end - at);
      if (MemorySegment.mismatch(bytes, at, at + length, SOME, 0, length) >= 0) {
        return false;
      }
    }
    return true;
  }

  /** Where the run of zero or non-zero units that begins at {@code from} ends. */
  public static long runEnd(MemorySegment bytes, long from, long unit, boolean zero) {
    long size = bytes.byteSize();
    long at = from;
    while (at < size && all(bytes, at, Math.min(at + unit, size)) == zero) {
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
