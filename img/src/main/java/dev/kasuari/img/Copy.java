package dev.kasuari.img;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Extent;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Zeroes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Copies the bytes of one image into another. Several threads read; what they have read is written
 * in order, so that what is given room as it is written is in a row. Compressed writes are done by
 * the threads themselves: compressing takes the time.
 */
final class Copy {
  private static final int CHUNK = 2 << 20;

  private final BlockNode from;
  private final BlockNode to;
  private final long targetStart;
  private final Plan plan;
  private final Progress progress;

  /**
   * What is copied how.
   *
   * @param sparse so many bytes in a row that are zero are not written; 0 to write all
   * @param zeroTarget the target reads as zero already
   * @param base what is the same behind the target is not copied; null to copy all
   * @param hasBacking the target has a file behind it
   * @param unit bytes that are compressed together; 0 for no compression
   * @param threads that read
   * @param salvage what cannot be read is zero
   * @param rate how fast
   */
  record Plan(
      long sparse,
      boolean zeroTarget,
      @Nullable BlockNode base,
      boolean hasBacking,
      int unit,
      int threads,
      boolean salvage,
      Rate rate) {}

  Copy(BlockNode from, BlockNode to, long targetStart, Plan plan, Progress progress) {
    this.from = from;
    this.to = to;
    this.targetStart = targetStart;
    this.plan = plan;
    this.progress = progress;
  }

  /** A part that is read, and then written. */
  private interface Part {
    void write();
  }

  void all() {
    Deque<Future<Part>> pending = new ArrayDeque<>();
    try (ExecutorService readers =
        Executors.newFixedThreadPool(
            plan.threads, Thread.ofPlatform().daemon(true).name("copy ", 0).factory())) {
      long end = Math.min(from.size(), to.size() - targetStart);
      for (long at = 0; at < end; ) {
        Extent extent = Extent.at(from, at, end - at, plan.base);
        long length = part(extent, at, end);
        long here = at;
        if (skipped(extent)) {
          progress.add(length);
        } else if (extent.zero() && plan.unit == 0) {
          pending.add(readers.submit(() -> () -> writeZeroes(here, length)));
        } else {
          pending.add(readers.submit(() -> read(here, length)));
        }
        at += length;
        while (pending.size() > plan.threads * 2) {
          finish(pending.remove());
        }
      }
      while (!pending.isEmpty()) {
        finish(pending.remove());
      }
    }
  }

  private long part(Extent extent, long at, long end) {
    boolean bounded = !extent.zero() || plan.unit != 0;
    long length = extent.length();
    if (plan.unit != 0) {
      if (skipped(extent) && length >= plan.unit) {
        return length / plan.unit * plan.unit;
      }
      return Math.min(end - at, Math.max(plan.unit, CHUNK / plan.unit * plan.unit));
    }
    return bounded ? Math.min(length, CHUNK) : Math.min(length, 1L << 30);
  }

  private boolean skipped(Extent extent) {
    if (plan.hasBacking && !extent.present()) {
      return true;
    }
    return extent.zero() && plan.zeroTarget && plan.sparse > 0;
  }

  private static void finish(Future<Part> part) {
    try {
      part.get().write();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof BlockException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ToolException("interrupted");
    }
  }

  private Part read(long at, long length) {
    Arena arena = Arena.ofShared();
    boolean kept = false;
    try {
      MemorySegment bytes = arena.allocate(length, 4096);
      readInto(at, bytes);
      if (plan.unit != 0) {
        compress(at, bytes);
        return () -> progress.add(length);
      }
      kept = true;
      return () -> {
        try (arena) {
          write(at, bytes);
        }
      };
    } finally {
      if (!kept) {
        arena.close();
      }
    }
  }

  private void readInto(long at, MemorySegment bytes) {
    try {
      from.read(at, bytes);
    } catch (BlockException e) {
      if (!plan.salvage) {
        throw e.in("error while reading at byte " + at);
      }
      salvage(at, bytes);
    }
  }

  private void salvage(long at, MemorySegment bytes) {
    for (long done = 0; done < bytes.byteSize(); done += 512) {
      MemorySegment sector = bytes.asSlice(done, Math.min(512, bytes.byteSize() - done));
      try {
        from.read(at + done, sector);
      } catch (BlockException e) {
        sector.fill((byte) 0);
      }
    }
  }

  private void compress(long at, MemorySegment bytes) {
    ImageNode image = (ImageNode) to;
    plan.rate.spend(bytes.byteSize());
    for (long done = 0; done < bytes.byteSize(); done += plan.unit) {
      MemorySegment unit = bytes.asSlice(done, Math.min(plan.unit, bytes.byteSize() - done));
      boolean zero = plan.sparse > 0 && plan.zeroTarget && Zeroes.all(unit);
      if (!zero) {
        image.writeCompressed(targetStart + at + done, unit);
      }
    }
  }

  private void write(long at, MemorySegment bytes) {
    long size = bytes.byteSize();
    plan.rate.spend(size);
    for (long done = 0; done < size; ) {
      boolean zero = plan.sparse > 0 && zeroAt(bytes, done);
      long end = plan.sparse == 0 ? size : Zeroes.runEnd(bytes, done, plan.sparse, zero);
      if (!zero) {
        to.write(targetStart + at + done, bytes.asSlice(done, end - done));
      } else if (!plan.zeroTarget || plan.hasBacking) {
        to.writeZeroes(targetStart + at + done, end - done, true);
      }
      done = end;
    }
    progress.add(size);
  }

  private boolean zeroAt(MemorySegment bytes, long at) {
    return Zeroes.all(bytes.asSlice(at, Math.min(plan.sparse, bytes.byteSize() - at)));
  }

  private void writeZeroes(long at, long length) {
    if (plan.sparse == 0) {
      Zeroes.write(to, targetStart + at, length);
    } else {
      to.writeZeroes(targetStart + at, length, true);
    }
    progress.add(length);
  }
}
