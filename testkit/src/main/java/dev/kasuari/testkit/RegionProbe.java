package dev.kasuari.testkit;

import dev.kasuari.machine.Machine;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.BusResult;

/** Registers, accessed as a CPU does. An access that is not answered OK fails the test. */
public sealed class RegionProbe permits DeviceProbe {
  private final Machine machine;
  private final long base;
  private final BusAccess access = new BusAccess().from(0, false, true);

  RegionProbe(Machine machine, long base) {
    this.machine = machine;
    this.base = base;
  }

  /**
   * The same registers, accessed by somebody else.
   *
   * @param requester a CPU's index
   * @param secure from the secure world
   */
  public final RegionProbe as(int requester, boolean secure) {
    var probe = new RegionProbe(machine, base);
    probe.access.from(requester, secure, true);
    return probe;
  }

  /** The address of the first register. */
  public final long address() {
    return base;
  }

  /** Reads 8 bits. */
  public final int read8(long offset) {
    return (int) read(offset, 1);
  }

  /** Reads 16 bits. */
  public final int read16(long offset) {
    return (int) read(offset, 2);
  }

  /** Reads 32 bits. */
  public final int read32(long offset) {
    return (int) read(offset, 4);
  }

  /** Reads 64 bits. */
  public final long read64(long offset) {
    return read(offset, 8);
  }

  /** Writes 8 bits. */
  public final void write8(long offset, int value) {
    write(offset, 1, value);
  }

  /** Writes 16 bits. */
  public final void write16(long offset, int value) {
    write(offset, 2, value);
  }

  /** Writes 32 bits. */
  public final void write32(long offset, int value) {
    write(offset, 4, value);
  }

  /** Writes 64 bits. */
  public final void write64(long offset, long value) {
    write(offset, 8, value);
  }

  /** Looks at a register without side effects. */
  public final long peek(long offset, int size) {
    return machine.memory().peek(base + offset, size);
  }

  /** What the bus answers to a read of {@code size} bytes. */
  public final BusResult tryRead(long offset, int size) {
    return machine.memory().access(access.asRead(base + offset, size));
  }

  /** What the bus answers to a write of {@code size} bytes. */
  public final BusResult tryWrite(long offset, int size, long value) {
    return machine.memory().access(access.asWrite(base + offset, size, value));
  }

  private long read(long offset, int size) {
    check(tryRead(offset, size));
    return access.value();
  }

  private void write(long offset, int size, long value) {
    check(tryWrite(offset, size, value & (-1L >>> (64 - 8 * size))));
  }

  private void check(BusResult result) {
    if (result != BusResult.OK) {
      throw new AssertionError(access + " answered " + result);
    }
  }
}
