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
 * quicker, two of them do it: more would only take the processors' caches from the one that writes.
 * The others join in while writing waits for them. Compressed writes wait for nobody, as
 * compressing takes the time, nor do those that may come in any order.
 */
final class Copy {
  private static final int CHUNK = 2 << 20;

  /** Parts that are read and wait to be written while more are begun. */
  private static final int READ_AHEAD = 2;

  /** So many parts in a row were not yet read when their turn came: one more thread is to read. */
  private static final int STARVED = 4;

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
  private int starved;
  private int active = 2;
  private final Lock lock = new ReentrantLock();
  private final Condition written = lock.newCondition();
  private final Condition wanted = lock.newCondition();
  private final Condition joining = lock.newCondition();
  private @Nullable RuntimeException failure;

  /**
   * What is copied how.
   *
   * @param sparse so many bytes in a row that are zero are not written; 0 to write all
   * @param zeroTarget the target reads as zero already
   * @param base what is the same behind the target is not copied; null to copy all
   * @param hasBacking the target has a file behind it
   * @param unit bytes that are compressed together; 0 for no compression
   * @param threads that read and write at the most
   * @param ordered parts are written one after another, unless they are compressed
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
      boolean ordered,
      boolean salvage,
      Rate rate) {
    boolean takesTurns() {
      return ordered && unit == 0;
    }
  }

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
    if (!plan.takesTurns()) {
      active = plan.threads;
    }
    try (Arena arena = Arena.ofShared();
        ExecutorService workers =
            Executors.newFixedThreadPool(
                plan.threads, Thread.ofPlatform().daemon(true).name("copy ", 0).factory())) {
      for (int i = 0; i < plan.threads; i++) {
        int index = i;
        workers.execute(() -> work(index, arena, room));
      }
    }
    RuntimeException failed = failure;
    if (failed != null) {
      throw failed;
    }
  }

  private void work(int index, Arena arena, int room) {
    try {
      if (!join(index)) {
        return;
      }
      // Memory that is new to the process costs more than reading into it: each has one buffer.
      MemorySegment buffer = Buffers.allocate(arena, room);
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
      nothingToWaitFor();
    } finally {
      lock.unlock();
    }
  }

  private void nothingToWaitFor() {
    wanted.signalAll();
    joining.signalAll();
  }

  /** Waits until so many threads are of use; false if there is nothing left to do. */
  private boolean join(int index) {
    lock.lock();
    try {
      while (failure == null && position < end && index >= active) {
        joining.awaitUninterruptibly();
      }
      return failure == null && position < end;
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
      nothingToWaitFor();
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
    if (plan.ordered && !await(part.turn)) {
      return;
    }
    if (part.zero) {
      writeZeroes(part.at, part.length);
    } else {
      write(part.at, bytes);
    }
    if (plan.ordered) {
      passOn();
    }
  }

  /** Waits until all before it is written; false if somebody failed. */
  private boolean await(long which) {
    lock.lock();
    try {
      starved = turn == which && waiting == 0 ? starved + 1 : 0;
      if (starved == STARVED) {
        starved = 0;
        active++;
        joining.signalAll();
      }
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
