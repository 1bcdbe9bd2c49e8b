package dev.kasuari.machine.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Guest memory lent to an operation of the host by {@link Dma#lease}. Until it is closed the
 * operation may use {@link #segment()} from any thread; the guest may change the bytes meanwhile,
 * as it may on hardware.
 */
public final class Lease implements AutoCloseable {
  private final Dma dma;
  private final long address;
  private final MemorySegment segment;
  private final @Nullable RamBlock ram;
  private final long offset;
  private final @Nullable Arena copy;
  private final boolean write;
  private long written;
  private boolean closed;

  Lease(
      Dma dma,
      long address,
      MemorySegment segment,
      @Nullable RamBlock ram,
      long offset,
      @Nullable Arena copy,
      boolean write) {
    this.dma = dma;
    this.address = address;
    this.segment = segment;
    this.ram = ram;
    this.offset = offset;
    this.copy = copy;
    this.write = write;
    this.written = segment.byteSize();
  }

  /**
   * The lent bytes, bounds-checked.
   *
   * @throws IllegalStateException after {@link #close}
   */
  public MemorySegment segment() {
    if (closed) {
      throw new IllegalStateException("lease of 0x" + Long.toHexString(address) + " is closed");
    }
    return segment;
  }

  /** True if the host works in guest memory itself, false if in a copy. */
  public boolean direct() {
    return copy == null;
  }

  /** Says that only the first {@code bytes} were written; the default is all. */
  public void written(long bytes) {
    written = bytes;
  }

  /** Ends the lease: what was written is in guest memory, logged, and no stale code of it runs. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (write && written > 0) {
      bringBack();
    }
    if (copy != null) {
      copy.close();
    }
  }

  private void bringBack() {
    if (ram != null) {
      ram.dirty().written(offset, written);
    } else if (copy != null) {
      try {
        dma.write(address, segment.asSlice(0, written));
      } catch (DmaFault e) {
        // The mapping was there when the lease was made. A guest that takes it away during the
        // transfer loses the bytes, as it would on hardware; the bus has logged it.
        return;
      }
    }
  }
}
