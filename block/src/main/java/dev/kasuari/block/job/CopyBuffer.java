package dev.kasuari.block.job;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Extent;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** What a job copies by, a piece at a time. */
final class CopyBuffer implements AutoCloseable {
  /** Bytes that are copied at once. */
  static final int CHUNK = 1 << 20;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment bytes = arena.allocate(CHUNK, 4096);

  MemorySegment first(long length) {
    return bytes.asSlice(0, length);
  }

  /** Reads, does not write yet. */
  interface Source {
    void read(long offset, MemorySegment to);
  }

  /**
   * Copies a run that is present, with a job's way to meet errors.
   *
   * @param zero it is known to read as zero
   * @return false if it failed and that is to be ignored
   */
  boolean copy(Job job, Source from, BlockNode to, long offset, long length, boolean zero) {
    if (zero) {
      return job.attempt(false, () -> to.writeZeroes(offset, length, true));
    }
    MemorySegment part = first(length);
    return job.attempt(true, () -> from.read(offset, part))
        && job.attempt(false, () -> to.write(offset, part));
  }

  /** Copies a run that is present; what fails is the caller's affair. */
  void copyNow(BlockNode from, BlockNode to, long offset, long length, boolean zero) {
    if (zero) {
      to.writeZeroes(offset, length, true);
    } else {
      from.read(offset, first(length));
      to.write(offset, first(length));
    }
  }

  /** The run that begins there, as large as is copied at once. */
  static Extent run(BlockNode top, long at, long end, @Nullable BlockNode base) {
    return Extent.at(top, at, Math.min(CHUNK, end - at), base);
  }

  @Override
  public void close() {
    arena.close();
  }
}
