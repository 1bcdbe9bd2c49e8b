package dev.kasuari.machine.memory;

import dev.kasuari.host.HostMemory;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** All {@link RamBlock}s of one machine. Closing it gives their memory back to the host. */
public final class RamList implements AutoCloseable {
  private static final long ALIGNMENT = 2L << 20;

  /** More than any board has; beyond it the page flags alone would not fit into a heap. */
  private static final long LARGEST = 4L << 40;

  private final CopyOnWriteArrayList<RamBlock> blocks = new CopyOnWriteArrayList<>();
  private final CopyOnWriteArrayList<Consumer<RamBlock>> listeners = new CopyOnWriteArrayList<>();
  private long nextBase = ALIGNMENT;
  private boolean closed;

  /**
   * Allocates private, zero-filled memory. The host is asked for it when it is first needed, or by
   * {@link #map}.
   *
   * @param name unique in the machine
   * @param size bytes, a positive multiple of 4096, at most 4 TiB
   */
  public RamBlock allocate(String name, long size) {
    return add(name, size, HostMemory::anonymous);
  }

  /** As {@link #allocate}, in a sealed memory file that another process can map (Linux). */
  public RamBlock allocateShared(String name, long size) {
    return add(name, size, n -> HostMemory.shared("kasuari:" + name, n));
  }

  /**
   * Asks the host for all that it was not asked for yet.
   *
   * @throws dev.kasuari.host.HostException if the host has no such room
   */
  public void map() {
    blocks.forEach(RamBlock::map);
  }

  /** The blocks in the order of their {@link RamBlock#ramBase()}. */
  public List<RamBlock> blocks() {
    return List.copyOf(blocks);
  }

  /** The block that holds {@code ramAddress}, or null. */
  public @Nullable RamBlock find(long ramAddress) {
    for (RamBlock block : blocks) {
      if (Long.compareUnsigned(ramAddress - block.ramBase(), block.size()) < 0) {
        return block;
      }
    }
    return null;
  }

  /** Calls {@code listener} for every block there is and every one to come. */
  public synchronized void onBlock(Consumer<RamBlock> listener) {
    blocks.forEach(listener);
    listeners.add(listener);
  }

  /** Unmaps everything. Nobody may run on this memory any more. */
  @Override
  public synchronized void close() {
    closed = true;
    blocks.forEach(RamBlock::close);
    blocks.clear();
  }

  private synchronized RamBlock add(String name, long size, LongFunction<HostMemory> source) {
    if (closed) {
      throw new IllegalStateException("memory '" + name + "' asked of a closed machine");
    }
    if (size <= 0 || size % DirtyLog.PAGE_SIZE != 0) {
      throw new IllegalArgumentException(
          "memory '" + name + "' of " + size + " bytes: not a positive multiple of 4096");
    }
    if (size > LARGEST) {
      throw new IllegalArgumentException(
          "memory '" + name + "' of " + size + " bytes: the most is 4 TiB");
    }
    if (blocks.stream().anyMatch(b -> b.name().equals(name))) {
      throw new IllegalArgumentException("memory '" + name + "' exists already");
    }
    RamBlock block = new RamBlock(name, size, source, nextBase);
    // One unit stays free between blocks, so that no two of them are ever adjacent in numbers.
    nextBase += (size + 2 * ALIGNMENT - 1) & -ALIGNMENT;
    blocks.add(block);
    listeners.forEach(l -> l.accept(block));
    return block;
  }
}
