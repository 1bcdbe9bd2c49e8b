package dev.kasuari.img;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Buffers;
import dev.kasuari.block.Extent;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Zeroes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Copies the bytes of one image into another. What is given room as it is written is to be in a
 * row, so parts are written one after another, by one thread as long as there is one that was read;
 * the others read meanwhile. Where reading is the quicker, two threads do it all: more would only
 * take the processors' caches from the one that writes. The others join in while writing waits for
 * them. Compressed writes wait for nobody, as compressing takes the time, nor do those that may
 * come in any order.
 */
final class Copy {
  private static final int CHUNK = 2 << 20;

  /** Parts that are read and not yet written, for each thread more than one. */
  private static final int READ_AHEAD = 2;

  /** So many parts after one another are looked at: does writing wait for most of the time? */
  private static final int WINDOW = 4;

  /**
   * Nanoseconds that are a wait: a medium's. What is in the host's memory would not come sooner for
   * more threads.
   */
  private static final long WAIT = 1_000_000;

  private final BlockNode from;
  private final BlockNode to;
  private final long targetStart;
  private final Plan plan;
  private final Progress progress;
  private final long end;

  /** Held while the next part is looked for. */
  private final Lock planning = new ReentrantLock();

  private long position;
  private long turns;

  /** Held for a moment. */
  private final Lock lock = new ReentrantLock();

  private final Condition changed = lock.newCondition();
  private final Deque<MemorySegment> free = new ArrayDeque<>();
  private final Map<Long, Full> full = new HashMap<>();
  private int buffers;
  private int active;

  /**
   * Times by {@link System#nanoTime}: of the last write's end, of what was waited, and since when.
   */
  private long written;

  private long waited;
  private long windowStart;
  private long turn;
  private boolean writing;
  private boolean planned;
  private @Nullable RuntimeException failure;
  private @Nullable Workers team;

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
    this.end = Math.min(from.size(), to.size() - targetStart);
    this.active = plan.takesTurns() ? Math.min(2, plan.threads) : plan.threads;
  }

  /** A part to be written, and how many such parts stand before it. */
  private record Part(long at, long length, boolean zero, long turn) {}

  /** A part and its bytes. */
  private record Full(Part part, MemorySegment buffer) {}

  void all() {
    try (Arena arena = Arena.ofShared()) {
      var workers = new Workers("copy", () -> work(arena), this::fail);
      team = workers;
      workers.run(active - 1);
    }
    RuntimeException failed = failure;
    if (failed != null) {
      throw failed;
    }
  }

  private void work(Arena arena) {
    if (!plan.takesTurns()) {
      MemorySegment buffer = buffer(arena);
      for (Part part = next(); part != null; part = next()) {
        write(read(part, buffer));
      }
    } else {
      for (Runnable step = step(arena); step != null; step = step(arena)) {
        step.run();
      }
    }
  }

  private void fail(RuntimeException e) {
    locked(() -> failure = failure == null ? e : failure);
  }

  private boolean failed() {
    lock.lock();
    try {
      return failure != null;
    } finally {
      lock.unlock();
    }
  }

  /** Does what others may be waiting for. */
  private void locked(Runnable change) {
    lock.lock();
    try {
      change.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private MemorySegment buffer(Arena arena) {
    return Buffers.allocate(arena, Math.max(plan.unit, CHUNK));
  }

  // ---- one after another -----------------------------------------------------------------------

  /** What is to be done next: to write the part whose turn it is, or to read; null at the end. */
  private @Nullable Runnable step(Arena arena) {
    lock.lock();
    try {
      while (failure == null && !(planned && turn == turns)) {
        Full ready = writing ? null : full.remove(turn);
        if (ready != null) {
          writing = true;
          starving();
          return () -> writeInTurn(ready);
        }
        if (!planned && (!free.isEmpty() || buffers < active + READ_AHEAD)) {
          // Memory that is new to the process costs more than reading into it: few buffers.
          MemorySegment buffer = free.isEmpty() ? another(arena) : free.pop();
          return () -> readNext(buffer);
        }
        changed.awaitUninterruptibly();
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  private MemorySegment another(Arena arena) {
    buffers++;
    return buffer(arena);
  }

  private void readNext(MemorySegment buffer) {
    Part part = next();
    if (part == null) {
      locked(() -> planned = true);
      return;
    }
    Full read = read(part, buffer);
    lock.lock();
    try {
      full.put(part.turn, read); // whoever writes finds it, or this thread when nobody does
    } finally {
      lock.unlock();
    }
  }

  private void writeInTurn(Full part) {
    write(part);
    lock.lock();
    try {
      writing = false;
      turn++;
      free.push(part.buffer);
      boolean hungry = !full.containsKey(turn);
      written = System.nanoTime();
      if (planned) {
        changed.signalAll();
      } else if (hungry || free.size() > 1) {
        changed.signal(); // to read several at a time: to wake somebody takes long
      }
    } finally {
      lock.unlock();
    }
  }

  /** Looks how long writing had to wait, and starts one more thread if that was long. */
  private void starving() {
    long now = System.nanoTime();
    if (turn > 0 && now - written > WAIT) {
      waited += now - written;
    }
    if (turn % WINDOW == 0) {
      boolean mostly = turn > 0 && waited > (now - windowStart) / 2;
      waited = 0;
      windowStart = now;
      if (mostly && team != null && active < plan.threads && !planned) {
        active++;
        team.start();
      }
    }
  }

  // ---- parts -----------------------------------------------------------------------------------

  /** The next part that is to be written; null if there is none. */
  private @Nullable Part next() {
    planning.lock();
    try {
      while (position < end && !failed()) {
        Extent extent = Extent.at(from, position, end - position, plan.base);
        long at = position;
        long length = part(extent, at, end);
        position += length;
        if (!skipped(extent)) {
          return new Part(at, length, extent.zero() && plan.unit == 0, turns++);
        }
        progress.add(length);
      }
      return null;
    } finally {
      planning.unlock();
    }
  }

  private Full read(Part part, MemorySegment buffer) {
    if (!part.zero) {
      readInto(part.at, buffer.asSlice(0, part.length));
    }
    return new Full(part, buffer);
  }

  private void write(Full full) {
    Part part = full.part;
    if (part.zero) {
      writeZeroes(part.at, part.length);
    } else if (plan.unit != 0) {
      compress(part.at, full.buffer.asSlice(0, part.length));
    } else {
      write(part.at, full.buffer.asSlice(0, part.length));
    }
    progress.add(part.length);
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
  }
}
