package dev.kasuari.img;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Buffers;
import dev.kasuari.block.Extent;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Compares what two images have in common, a part by each of several threads. What counts is what
 * comes first on the disk, whether a difference or a failure.
 */
final class Comparison {
  private static final int BUFFER = 2 << 20;
  private static final int THREADS = 4;

  private static final int NO_STATUS = 3;
  private static final int UNREADABLE = 4;

  private final Side first;
  private final Side second;
  private final boolean strict;
  private final Progress progress;
  private final long end;

  private long position;
  private long foundAt = Long.MAX_VALUE;
  private @Nullable String difference;
  private @Nullable RuntimeException failure;

  /** An image, and what the user calls it. */
  record Side(BlockNode node, String name) {}

  /**
   * What is to be compared.
   *
   * @param end bytes from the start of both
   * @param strict whether it is a difference if only one has room for some bytes
   */
  Comparison(Side first, Side second, long end, boolean strict, Progress progress) {
    this.first = first;
    this.second = second;
    this.end = end;
    this.strict = strict;
    this.progress = progress;
  }

  /** Bytes to compare, of which an image may know that they are zero. */
  private record Part(long at, long length, boolean firstZero, boolean secondZero) {}

  /** The first difference, for people, or null if there is none. */
  @Nullable String run() {
    try (Arena arena = Arena.ofShared()) {
      new Workers("compare", () -> work(arena), e -> failed(end, e)).run(THREADS - 1);
    }
    RuntimeException failed = failure;
    if (failed != null) {
      throw failed;
    }
    return difference;
  }

  private void work(Arena arena) {
    MemorySegment one = Buffers.allocate(arena, BUFFER);
    MemorySegment two = Buffers.allocate(arena, BUFFER);
    for (Part part = next(); part != null; part = next()) {
      try {
        long where = mismatch(part, one.asSlice(0, part.length), two.asSlice(0, part.length));
        if (where >= 0) {
          differs(part.at + where, mismatchAt(part.at + where));
        }
      } catch (RuntimeException e) {
        failed(part.at, e);
      }
      progress.add(part.length);
    }
  }

  /** Where in the part the first sector is that differs; −1 if none does. */
  private long mismatch(Part part, MemorySegment one, MemorySegment two) {
    fill(first, part.at, part.firstZero, one);
    fill(second, part.at, part.secondZero, two);
    long where = one.mismatch(two);
    return where < 0 ? -1 : where & -512;
  }

  private static void fill(Side side, long at, boolean zero, MemorySegment to) {
    if (zero) {
      to.fill((byte) 0);
    } else {
      try {
        side.node.read(at, to);
      } catch (BlockException e) {
        String attempt = "Error while reading offset %d of %s".formatted(at, side.name);
        throw new ToolException(attempt + ": " + e.kind().text(), UNREADABLE);
      }
    }
  }

  static String mismatchAt(long offset) {
    return "Content mismatch at offset %d!".formatted(offset);
  }

  private synchronized void differs(long at, String text) {
    if (at < foundAt) {
      foundAt = at;
      difference = text;
      failure = null;
    }
  }

  private synchronized void failed(long at, RuntimeException e) {
    if (at < foundAt) {
      foundAt = at;
      failure = e;
      difference = null;
    }
  }

  private static Extent extent(Side side, long at, long length) {
    try {
      return Extent.at(side.node, at, length);
    } catch (BlockException e) {
      throw new ToolException("Sector allocation test failed for " + side.name, NO_STATUS);
    }
  }

  /** The next part of which not both know that it is zero; null if there is none of interest. */
  private synchronized @Nullable Part next() {
    while (position < end && foundAt == Long.MAX_VALUE) {
      long at = position;
      Extent x = extent(first, at, Math.min(end - at, 1L << 30));
      Extent y = extent(second, at, x.length());
      long length = Math.min(x.length(), y.length());
      if (strict && (x.data() != y.data() || x.zero() != y.zero() || x.present() != y.present())) {
        differs(at, "Strict mode: Offset %d block status mismatch!".formatted(at));
        return null;
      }
      boolean zero = x.zero() && y.zero();
      length = zero ? length : Math.min(length, BUFFER);
      position += length;
      if (!zero) {
        return new Part(at, length, x.zero(), y.zero());
      }
      progress.add(length);
    }
    return null;
  }
}
