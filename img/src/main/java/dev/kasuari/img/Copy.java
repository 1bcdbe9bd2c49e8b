package dev.kasuari.img;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Buffers;
import dev.kasuari.block.Extent;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Zeroes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Copies the bytes of one image into another. Several threads read, and write what they have read
 * one after another, so that what is given room as it is written is in a row. Where reading is the
 * quicker, few of them do: more would only take the processors' caches from the one that writes.
 * Compressed writes wait for nobody: compressing takes the time.
 */
final class Copy {
  private static final int CHUNK = 2 << 20;

  /** Parts that are read and wait to be written while more are begun. */
  private static final int READ_AHEAD = 2;

  private final BlockNode from;
  private final BlockNode to;
  private final long targetStart;
  private final Plan plan;
  private final Progress progress;

  private long end;
  private long position;
  private long turns;
  private long turn;
  private int waiting;
  private final Lock lock = new ReentrantLock();
  private final Condition written = lock.newCondition();
  private final Condition wanted = lock.newCondition();
  private @Nullable RuntimeException failure;

  /**
   * What is copied how.
   *
   * @param sparse so many bytes in a row that are zero are not written; 0 to write all
   * @param zeroTarget the target reads as zero already
   * @param base what is the same behind the target is not copied; null to copy all
   * @param hasBacking the target has a file behind it
   * @param unit bytes that are compressed together; 0 for no compression
   * @param threads that read and write
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

  /** A part, and how many parts that are written stand before it. */
  private record Part(long at, long length, boolean zero, boolean skipped, long turn) {}

  void all() {
    end = Math.min(from.size(), to.size() - targetStart);
    int room = Math.max(plan.unit, CHUNK);
    try (Arena arena = Arena.ofShared();
        ExecutorService workers =
            Executors.newFixedThreadPool(
                plan.threads, Thread.ofPlatform().daemon(true).name("copy ", 0).factory())) {
      for (int i = 0; i < plan.threads; i++) {
        // Memory that is new to the process costs more than reading into it: each has one buffer.
        workers.execute(() -> work(Buffers.allocate(arena, room)));
      }
    }
    RuntimeException failed = failure;
    if (failed != null) {
      throw failed;
    }
  }

  private void work(MemorySegment buffer) {
    try {
      for (Part part = next(); part != null; part = next()) {
        copy(part, buffer);
      }
    } catch (RuntimeException e) {
      fail(e);
    } catch (Error e) {
      fail(new IllegalStateException(e));
    }
  }

  private void fail(RuntimeException e) {
    lock.lock();
    try {
      if (failure == null) {
        failure = e;
      }
      written.signalAll();
      wanted.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Part next() {
    lock.lock();
    try {
      while (failure == null && position < end && waiting >= READ_AHEAD) {
        wanted.awaitUninterruptibly();
      }
      return failure != null || position >= end ? null : begin();
    } finally {
      lock.unlock();
    }
  }

  private Part begin() {
    Extent extent = Extent.at(from, position, end - position, plan.base);
    long length = part(extent, position, end);
    boolean skipped = skipped(extent);
    boolean zero = extent.zero() && plan.unit == 0;
    var part = new Part(position, length, zero, skipped, skipped ? 0 : turns++);
    position += length;
    if (position >= end) {
      wanted.signalAll(); // there is nothing to wait for
    }
    return part;
  }

  private void copy(Part part, MemorySegment buffer) {
    if (part.skipped) {
      progress.add(part.length);
      return;
    }
    MemorySegment bytes = buffer.asSlice(0, part.zero ? 0 : part.length);
    if (!part.zero) {
      readInto(part.at, bytes);
    }
    if (plan.unit != 0) {
      compress(part.at, bytes);
      progress.add(part.length);
      return;
    }
    if (!await(part.turn)) {
      return;
    }
    if (part.zero) {
      writeZeroes(part.at, part.length);
    } else {
      write(part.at, bytes);
    }
    passOn();
  }

  /** Waits until all before it is written; false if somebody failed. */
  private boolean await(long which) {
    lock.lock();
    try {
      waiting++;
      while (failure == null && turn != which) {
        written.awaitUninterruptibly();
      }
      waiting--;
      wanted.signal();
      return failure == null;
    } finally {
      lock.unlock();
    }
  }

  private void passOn() {
    lock.lock();
    try {
      turn++;
      written.signalAll();
    } finally {
      lock.unlock();
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
