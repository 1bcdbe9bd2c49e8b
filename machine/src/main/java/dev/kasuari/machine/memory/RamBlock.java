package dev.kasuari.machine.memory;

import dev.kasuari.host.HostMemory;
import java.lang.foreign.MemorySegment;

/**
 * A block of guest memory: main memory, a ROM's contents, a video memory. Regions map it; the same
 * block may appear at several addresses.
 *
 * <p>{@link #ramBase()} numbers every byte of every block of one machine uniquely, whatever
 * addresses it is mapped at; translated code is keyed by it.
 */
public final class RamBlock {
  private final String name;
  private final HostMemory memory;
  private final MemorySegment segment;
  private final long size;
  private final long hostAddress;
  private final long ramBase;
  private final DirtyLog dirty;

  RamBlock(String name, HostMemory memory, long ramBase) {
    this.name = name;
    this.memory = memory;
    this.segment = memory.segment();
    this.size = memory.size();
    this.hostAddress = memory.address();
    this.ramBase = ramBase;
    this.dirty = new DirtyLog(ramBase, size);
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
    return hostAddress;
  }

  /** The block's first number among all RAM of its machine, a multiple of 2 MiB. */
  public long ramBase() {
    return ramBase;
  }

  /** All bytes, bounds-checked; refuses use after the machine is closed. */
  public MemorySegment segment() {
    return segment;
  }

  /** The memory file behind the block where it is shared, else -1. */
  public int fd() {
    return memory.fd();
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
    MemorySegment.copy(MemorySegment.ofArray(bytes), 0, segment, offset, bytes.length);
    dirty.written(offset, bytes.length);
  }

  /** A copy of {@code length} bytes at {@code offset}. */
  public byte[] get(long offset, int length) {
    byte[] bytes = new byte[length];
    MemorySegment.copy(segment, offset, MemorySegment.ofArray(bytes), 0, length);
    return bytes;
  }

  void close() {
    memory.close();
  }

  @Override
  public String toString() {
    return "RamBlock[" + name + ", 0x" + Long.toHexString(size) + " bytes]";
  }
}
