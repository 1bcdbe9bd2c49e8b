package dev.kasuari.machine.cpu;

import dev.kasuari.host.RawMemory;
import java.lang.foreign.Arena;

/**
 * One CPU's registers, outside the Java heap so that translated code and Java read and write the
 * same bytes. Values are in host byte order. Owned by the CPU's thread while it runs; the fields
 * that other threads may touch say so where they are declared and use the volatile accessors.
 */
public final class GuestState implements AutoCloseable {
  private final StateLayout layout;
  private final Arena arena = Arena.ofShared();
  private final long address;

  public GuestState(StateLayout layout) {
    this.layout = layout;
    this.address = arena.allocate(layout.size(), 64).address();
  }

  public StateLayout layout() {
    return layout;
  }

  /** Host address of the first byte; valid until {@link #close}. */
  public long address() {
    return address;
  }

  /** The field's first element, zero-extended. */
  public long get(StateField field) {
    return get(field.offset(), field.size());
  }

  /** Element {@code index} of the field, zero-extended. */
  public long get(StateField field, int index) {
    return get(field.at(index), field.size());
  }

  private long get(int offset, int size) {
    long at = address + offset;
    return switch (size) {
      case 1 -> Byte.toUnsignedLong(RawMemory.getByte(at));
      case 2 -> Short.toUnsignedLong(RawMemory.getShort(at));
      case 4 -> Integer.toUnsignedLong(RawMemory.getAlignedInt(at));
      case 8 -> RawMemory.getAlignedLong(at);
      default -> throw new IllegalArgumentException("no scalar of " + size + " bytes");
    };
  }

  /** Stores the low bytes of {@code value} into the field's first element. */
  public void set(StateField field, long value) {
    set(field.offset(), field.size(), value);
  }

  /** Stores the low bytes of {@code value} into element {@code index}. */
  public void set(StateField field, int index, long value) {
    set(field.at(index), field.size(), value);
  }

  private void set(int offset, int size, long value) {
    long at = address + offset;
    switch (size) {
      case 1 -> RawMemory.putByte(at, (byte) value);
      case 2 -> RawMemory.putShort(at, (short) value);
      case 4 -> RawMemory.putAlignedInt(at, (int) value);
      case 8 -> RawMemory.putAlignedLong(at, value);
      default -> throw new IllegalArgumentException("no scalar of " + size + " bytes");
    }
  }

  /** An 8-byte field that other threads write. */
  public long getVolatile(StateField field) {
    return RawMemory.getLongVolatile(address + field.offset());
  }

  /** Atomically replaces the bits of {@code mask} in an 8-byte field; returns the old value. */
  public long update(StateField field, long mask, long bits) {
    long at = address + field.offset();
    while (true) {
      long old = RawMemory.getLongVolatile(at);
      long next = (old & ~mask) | (bits & mask);
      if (old == next || RawMemory.compareAndSetLong(at, old, next)) {
        return old;
      }
    }
  }

  /** Zeroes every register; what the accelerator keeps stays. */
  public void clear() {
    int registers = layout.size() - StateLayout.RESERVED;
    RawMemory.fill(address + StateLayout.RESERVED, registers, (byte) 0);
  }

  @Override
  public void close() {
    arena.close();
  }
}
