package dev.kasuari.img;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Buffers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Requests that follow one another through an image, and begin again at its start behind its end.
 *
 * @param count how many
 * @param depth how many are under way at once, at most
 * @param offset where the first one is, bytes
 * @param size of each, bytes
 * @param step how far apart they begin, bytes
 * @param writes or reads
 * @param pattern the byte that is written
 * @param flushInterval a flush after so many; 0 for none
 * @param drains a flush waits until nothing else is under way
 */
record Load(
    int count,
    int depth,
    long offset,
    int size,
    int step,
    boolean writes,
    byte pattern,
    int flushInterval,
    boolean drains) {
  /** More would only wait for one another. */
  private static final int MOST_THREADS = 16;

  /** Does them, and returns how many nanoseconds it took. */
  long run(BlockNode node) {
    int threads = Math.clamp(Math.min(depth, count), 1, MOST_THREADS);
    try (Arena arena = Arena.ofShared();
        ExecutorService workers =
            Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon(true).name("bench ", 0).factory())) {
      var buffers = new ArrayList<MemorySegment>();
      for (int i = 0; i < threads; i++) {
        buffers.add(Buffers.allocate(arena, Math.max(size, 1)).asSlice(0, size).fill(pattern));
      }
      long start = System.nanoTime();
      boolean stops = flushInterval > 0 && drains;
      for (int done = 0; done < count; ) {
        int part = stops ? Math.min(flushInterval, count - done) : count;
        round(node, workers, buffers, done, done + part);
        done += part;
        if (stops && part == flushInterval) {
          node.flush();
        }
      }
      return System.nanoTime() - start;
    } catch (BlockException e) {
      boolean outside = e.kind() == BlockException.Kind.INVALID;
      BlockException.Kind kind = outside ? BlockException.Kind.IO_ERROR : e.kind();
      throw new ToolException("Failed request: " + kind.text());
    }
  }

  private void round(
      BlockNode node, ExecutorService workers, Iterable<MemorySegment> buffers, int from, int to) {
    var next = new AtomicInteger(from);
    var running = new ArrayList<Future<?>>();
    for (MemorySegment buffer : buffers) {
      running.add(workers.submit(() -> work(node, buffer, next, to)));
    }
    try {
      for (Future<?> one : running) {
        one.get();
      }
    } catch (ExecutionException e) {
      next.set(to); // the others need not go on
      if (e.getCause() instanceof BlockException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ToolException("interrupted");
    }
  }

  private void work(BlockNode node, MemorySegment buffer, AtomicInteger next, int end) {
    for (int i = next.getAndIncrement(); i < end; i = next.getAndIncrement()) {
      long at = place(i, node.size());
      if (writes) {
        node.write(at, buffer);
      } else {
        node.read(at, buffer);
      }
      if (flushInterval > 0 && !drains && (i + 1) % flushInterval == 0) {
        node.flush();
      }
    }
  }

  private long place(int index, long end) {
    if (index == 0 || step == 0 || end == 0) {
      return offset;
    }
    long at = offset % end + (long) index * step % end;
    return at % end;
  }
}
