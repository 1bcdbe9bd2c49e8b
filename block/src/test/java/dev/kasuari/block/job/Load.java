package dev.kasuari.block.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Root;
import dev.kasuari.block.testing.OwnThread;
import dev.kasuari.block.testing.TestImages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Threads that write to a disk, each to sectors of its own, and know what it must hold. */
final class Load implements AutoCloseable {
  private static final int SECTOR = 512;
  private static final int THREADS = 4;

  private final Root root;
  private final byte[] disk;
  private final long seed;
  private final List<CompletableFuture<Void>> threads = new ArrayList<>();
  private volatile boolean stop;
  private int rounds;

  /** A disk that is {@code disk} now; the array follows what is written. */
  @SuppressWarnings("ArrayIsStoredDirectly")
  Load(Root root, byte[] disk, long seed) {
    this.root = root;
    this.disk = disk;
    this.seed = seed;
  }

  /** Begins to write. */
  void start() {
    stop = false;
    int round = rounds++;
    for (int i = 0; i < THREADS; i++) {
      var random = new Random(seed + 31L * round + i);
      int mine = i;
      threads.add(OwnThread.run(() -> write(mine, random)));
    }
  }

  private void write(int mine, Random random) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(64 * SECTOR);
      int stripes = disk.length / (64 * SECTOR);
      while (!stop) {
        int stripe = random.nextInt(stripes) / THREADS * THREADS + mine;
        if (stripe >= stripes) {
          continue;
        }
        int first = random.nextInt(64);
        int count = 1 + random.nextInt(64 - first);
        int at = (stripe * 64 + first) * SECTOR;
        int length = count * SECTOR;
        byte[] bytes = new byte[length];
        if (random.nextInt(5) == 0) {
          root.writeZeroes(at, length, random.nextBoolean());
        } else {
          random.nextBytes(bytes);
          MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, length);
          root.write(at, buffer.asSlice(0, length));
        }
        System.arraycopy(bytes, 0, disk, at, length);
        if (random.nextInt(50) == 0) {
          root.flush();
        }
      }
    }
  }

  /** Ends writing; all of it has ended. */
  void stop() {
    stop = true;
    List<CompletableFuture<Void>> all = List.copyOf(threads);
    threads.clear();
    for (CompletableFuture<Void> thread : all) {
      thread.orTimeout(60, TimeUnit.SECONDS).join();
    }
  }

  /** Looks whether the disk holds what was written. */
  void check() {
    assertThat(TestImages.firstDifference(root.node(), disk))
        .as("first byte that differs")
        .isEqualTo(-1);
  }

  @Override
  public void close() {
    stop();
  }
}
