package dev.kasuari.host;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Loads, stores and atomics at absolute host addresses, in host byte order unless the name says
 * otherwise.
 *
 * <p>Nothing here is bounds-checked: an address that is not mapped ends the process. Only the
 * translator's guest memory path and vCPU state, whose addresses come out of its own tables, may
 * use it; devices go through the bounds-checked views of {@code machine}.
 *
 * <p>Hot: every guest load and store of the interpreter ends here. The global segment has no scope
 * and a constant size, so each accessor compiles to one host access.
 */
public final class RawMemory {
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private static final VarHandle BYTE_ATOMIC = atomic(ValueLayout.JAVA_BYTE);
  private static final VarHandle SHORT_ATOMIC = atomic(ValueLayout.JAVA_SHORT);
  private static final VarHandle INT_ATOMIC = atomic(ValueLayout.JAVA_INT);
  private static final VarHandle LONG_ATOMIC = atomic(ValueLayout.JAVA_LONG);

  private RawMemory() {}

  /**
   * The segment is an operand of each access and not bound to the handle: of a handle that is
   * adapted, the JVM makes a class for each kind of access when it is first used.
   */
  private static VarHandle atomic(ValueLayout layout) {
    return layout.varHandle().withInvokeExactBehavior();
  }

  /** True if the host stores the least significant byte first. */
  public static boolean littleEndian() {
    return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
  }

  public static byte getByte(long address) {
    return ALL.get(ValueLayout.JAVA_BYTE, address);
  }

  public static short getShort(long address) {
    return ALL.get(SHORT, address);
  }

  public static int getInt(long address) {
    return ALL.get(INT, address);
  }

  public static long getLong(long address) {
    return ALL.get(LONG, address);
  }

  /**
   * As {@link #getLong}; {@code address} must be 8-aligned. HotSpot's first compiler makes an
   * instruction of this one, and of the other a call that asks for the alignment.
   */
  public static long getAlignedLong(long address) {
    return (long) LONG_ATOMIC.getOpaque(ALL, address);
  }

  /** As {@link #putLong}; {@code address} must be 8-aligned. */
  public static void putAlignedLong(long address, long value) {
    LONG_ATOMIC.setOpaque(ALL, address, value);
  }

  /** As {@link #getInt}; {@code address} must be 4-aligned. */
  public static int getAlignedInt(long address) {
    return (int) INT_ATOMIC.getOpaque(ALL, address);
  }

  /** As {@link #putInt}; {@code address} must be 4-aligned. */
  public static void putAlignedInt(long address, int value) {
    INT_ATOMIC.setOpaque(ALL, address, value);
  }

  public static void putByte(long address, byte value) {
    ALL.set(ValueLayout.JAVA_BYTE, address, value);
  }

  public static void putShort(long address, short value) {
    ALL.set(SHORT, address, value);
  }

  public static void putInt(long address, int value) {
    ALL.set(INT, address, value);
  }

  public static void putLong(long address, long value) {
    ALL.set(LONG, address, value);
  }

  /** A volatile load; {@code address} must be 4-aligned. */
  public static int getIntVolatile(long address) {
    return (int) INT_ATOMIC.getVolatile(ALL, address);
  }

  /** A volatile store; {@code address} must be 4-aligned. */
  public static void putIntVolatile(long address, int value) {
    INT_ATOMIC.setVolatile(ALL, address, value);
  }

  /** A volatile load; {@code address} must be 8-aligned. */
  public static long getLongVolatile(long address) {
    return (long) LONG_ATOMIC.getVolatile(ALL, address);
  }

  /** A volatile store; {@code address} must be 8-aligned. */
  public static void putLongVolatile(long address, long value) {
    LONG_ATOMIC.setVolatile(ALL, address, value);
  }

  /** Atomically ors {@code bits} into the int at a 4-aligned address and returns what was there. */
  public static int getAndOrInt(long address, int bits) {
    while (true) {
      int old = (int) INT_ATOMIC.getVolatile(ALL, address);
      if (INT_ATOMIC.compareAndSet(ALL, address, old, old | bits)) {
        return old;
      }
    }
  }

  /**
   * Atomically ors {@code bits} into the long at an 8-aligned address, returning what was there.
   */
  public static long getAndOrLong(long address, long bits) {
    while (true) {
      long old = (long) LONG_ATOMIC.getVolatile(ALL, address);
      if (LONG_ATOMIC.compareAndSet(ALL, address, old, old | bits)) {
        return old;
      }
    }
  }

  /** Atomically adds to the long at an 8-aligned address and returns what was there. */
  public static long getAndAddLong(long address, long amount) {
    return (long) LONG_ATOMIC.getAndAdd(ALL, address, amount);
  }

  /**
   * Replaces the long at an 8-aligned address if it is {@code expected}; true if it was. Unlike
   * {@link #compareAndExchange} an instruction for HotSpot's first compiler, too.
   */
  public static boolean compareAndSetLong(long address, long expected, long value) {
    return LONG_ATOMIC.compareAndSet(ALL, address, expected, value);
  }

  /**
   * Compares and exchanges {@code size} bytes (4 or 8) at an aligned address; returns what was
   * there, zero-extended.
   */
  public static long compareAndExchange(long address, int size, long expected, long value) {
    return switch (size) {
      case 4 ->
          Integer.toUnsignedLong(
              (int) INT_ATOMIC.compareAndExchange(ALL, address, (int) expected, (int) value));
      case 8 -> (long) LONG_ATOMIC.compareAndExchange(ALL, address, expected, value);
      case 1, 2 -> compareAndExchangeNarrow(address, size, expected, value);
      default -> throw new IllegalArgumentException("atomic size " + size);
    };
  }

  /** One and two bytes by way of the aligned word around them, as the JDK has no narrow form. */
  private static long compareAndExchangeNarrow(long address, int size, long expected, long value) {
    long word = address & ~3L;
    int shift = (int) (address - word) * 8;
    if (!littleEndian()) {
      shift = 32 - size * 8 - shift;
    }
    int mask = ((1 << (size * 8)) - 1) << shift;
    while (true) {
      int old = (int) INT_ATOMIC.getVolatile(ALL, word);
      int seen = (old & mask) >>> shift;
      if (seen != (int) (expected & (mask >>> shift))) {
        return seen;
      }
      int next = (old & ~mask) | (((int) value << shift) & mask);
      if ((int) INT_ATOMIC.compareAndExchange(ALL, word, old, next) == old) {
        return seen;
      }
    }
  }

  /** Volatile load of {@code size} bytes (1, 2, 4, 8) at an aligned address, zero-extended. */
  public static long getVolatile(long address, int size) {
    return switch (size) {
      case 1 -> Byte.toUnsignedLong((byte) BYTE_ATOMIC.getVolatile(ALL, address));
      case 2 -> Short.toUnsignedLong((short) SHORT_ATOMIC.getVolatile(ALL, address));
      case 4 -> Integer.toUnsignedLong((int) INT_ATOMIC.getVolatile(ALL, address));
      case 8 -> (long) LONG_ATOMIC.getVolatile(ALL, address);
      default -> throw new IllegalArgumentException("atomic size " + size);
    };
  }

  /** Volatile store of {@code size} bytes (1, 2, 4, 8) at an aligned address. */
  public static void putVolatile(long address, int size, long value) {
    switch (size) {
      case 1 -> BYTE_ATOMIC.setVolatile(ALL, address, (byte) value);
      case 2 -> SHORT_ATOMIC.setVolatile(ALL, address, (short) value);
      case 4 -> INT_ATOMIC.setVolatile(ALL, address, (int) value);
      case 8 -> LONG_ATOMIC.setVolatile(ALL, address, value);
      default -> throw new IllegalArgumentException("atomic size " + size);
    }
  }

  /** Copies {@code length} bytes between absolute addresses; the ranges may overlap. */
  public static void copy(long from, long to, long length) {
    MemorySegment.copy(ALL, from, ALL, to, length);
  }

  /** Copies from host memory into an array. */
  public static void get(long from, byte[] to, int offset, int length) {
    MemorySegment.copy(ALL, ValueLayout.JAVA_BYTE, from, to, offset, length);
  }

  /** Copies an array into host memory. */
  public static void put(long to, byte[] from, int offset, int length) {
    MemorySegment.copy(from, offset, ALL, ValueLayout.JAVA_BYTE, to, length);
  }

  /** Copies from host memory into an array; {@code length} counts numbers. */
  public static void get(long from, int[] to, int offset, int length) {
    MemorySegment.copy(ALL, INT, from, to, offset, length);
  }

  /** Copies an array into host memory; {@code length} counts numbers. */
  public static void put(long to, int[] from, int offset, int length) {
    MemorySegment.copy(from, offset, ALL, INT, to, length);
  }

  /** Fills {@code length} bytes with {@code value}. */
  public static void fill(long address, long length, byte value) {
    ALL.asSlice(address, length).fill(value);
  }
}
