package dev.kasuari.machine.memory;

import dev.kasuari.host.HostMemory;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A block of guest memory: main memory, a ROM's contents, a video memory. Regions map it; the same
 * block may appear at several addresses.
 *
 * <p>{@link #ramBase()} numbers every byte of every block of one machine uniquely, whatever
 * addresses it is mapped at; translated code is keyed by it.
 */
public final class RamBlock {
  private final String name;
  private final LongFunction<HostMemory> source;
  private final long size;
  private final long ramBase;
  private final DirtyLog dirty;
  private volatile @Nullable Mapped mapped;
  private boolean closed;

  /** What the host gave. */
  private record Mapped(HostMemory memory, MemorySegment segment, long address) {}

  RamBlock(String name, long size, LongFunction<HostMemory> source, long ramBase) {
    this.name = name;
    this.size = size;
    this.source = source;
    this.ramBase = ramBase;
    this.dirty = new DirtyLog(ramBase, size);
  }

  /**
   * Asks the host for the memory, unless that was done. Whoever needs it first does so else: the
   * first call of the host takes a JVM tens of milliseconds, in which a board can be wired.
   *
   * @throws dev.kasuari.host.HostException if the host has no such room
   */
  synchronized void map() {
    if (mapped == null) {
      if (closed) {
        throw new IllegalStateException("memory '" + name + "' of a closed machine");
      }
      HostMemory memory = source.apply(size);
      mapped = new Mapped(memory, memory.segment(), memory.address());
    }
  }

  private Mapped mapped() {
    Mapped known = mapped;
    if (known == null) {
      map();
      known = Objects.requireNonNull(mapped);
    }
    return known;
  }

  /** The name, unique in its machine; snapshots know the block by it. */
  public String name() {
    return name;
  }

  /** Bytes, a multiple of 4096. */
  public long size() {
    return size;
  }

  /** Where the block lies in this process, for {@code RawMemory} and machine code. */
  public long hostAddress() {
    return mapped().address();
  }

  /** The block's first number among all RAM of its machine, a multiple of 2 MiB. */
  public long ramBase() {
    return ramBase;
  }

  /** All bytes, bounds-checked; refuses use after the machine is closed. */
  public MemorySegment segment() {
    return mapped().segment();
  }

  /** The memory file behind the block where it is shared, else -1. */
  public int fd() {
    return mapped().memory().fd();
  }

  /** Who must know what was written. */
  public DirtyLog dirty() {
    return dirty;
  }

  /**
   * Copies bytes in, as a loader does, and reports them as written.
   *
   * @throws IndexOutOfBoundsException if they do not fit
   */
  public void put(long offset, byte[] bytes) {
    if (bytes.length == 0) {
      return;
    }
    MemorySegment.copy(MemorySegment.ofArray(bytes), 0, segment(), offset, bytes.length);
    dirty.written(offset, bytes.length);
  }

  /** A copy of {@code length} bytes at {@code offset}. */
  public byte[] get(long offset, int length) {
    byte[] bytes = new byte[length];
    MemorySegment.copy(segment(), offset, MemorySegment.ofArray(bytes), 0, length);
    return bytes;
  }

  synchronized void close() {
    closed = true;
    Mapped known = mapped;
    if (known != null) {
      known.memory().close();
    }
  }

  @Override
  public String toString() {
    return "RamBlock[" + name + ", 0x" + Long.toHexString(size) + " bytes]";
  }
}
