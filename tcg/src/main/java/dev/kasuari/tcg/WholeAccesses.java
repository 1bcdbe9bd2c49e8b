package dev.kasuari.tcg;

import dev.kasuari.host.RawMemory;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Accesses of the host's memory that lie within 16 aligned bytes and are not aligned themselves, or
 * are of all 16, each at once for other vCPUs: in 8 aligned bytes as those, otherwise by a {@link
 * PairExchange}, or while no other vCPU runs. Of one vCPU. Bytes are in address order from bit 0,
 * pairs in the host's order.
 */
final class WholeAccesses {
  private static final int PAIR = 2 * Long.BYTES;

  private enum Kind {
    LOAD,
    STORE,
    EXCHANGE
  }

  private boolean shared;
  private @Nullable PairExchange instruction;
  private Consumer<Runnable> alone = Runnable::run;
  private final long[] pairs = new long[4];
  private long seen;

  /** Whether the bytes from an address are within 16 aligned ones. */
  static boolean contains(long address, int size) {
    return (address & (PAIR - 1)) + size <= PAIR;
  }

  /** As {@link SoftMmu#share}. */
  void share(@Nullable PairExchange pairExchange, Consumer<Runnable> runsAlone) {
    shared = true;
    instruction = pairExchange;
    alone = runsAlone;
  }

  // ---- 16 bytes --------------------------------------------------------------------------------

  /**
   * Puts new values where the expected ones are.
   *
   * @param values the two expected values and the two new ones; what was there is in the first two
   *     afterwards
   */
  void exchange(long host, long[] values) {
    PairExchange by = instruction;
    if (by != null) {
      by.exchange(host, values);
    } else {
      alone.accept(() -> exchangeAlone(host, values));
    }
  }

  private static void exchangeAlone(long host, long[] values) {
    long first = RawMemory.getAlignedLong(host);
    long second = RawMemory.getAlignedLong(host + 8);
    if (first == values[0] && second == values[1]) {
      RawMemory.putAlignedLong(host, values[2]);
      RawMemory.putAlignedLong(host + 8, values[3]);
    }
    values[0] = first;
    values[1] = second;
  }

  /** Loads a pair, to {@link #first} and {@link #second}. */
  void loadPair(long host) {
    PairExchange by = instruction;
    if (by != null) {
      pairs[0] = RawMemory.getAlignedLong(host);
      pairs[1] = RawMemory.getAlignedLong(host + 8);
      pairs[2] = pairs[0];
      pairs[3] = pairs[1];
      by.exchange(host, pairs);
    } else {
      alone.accept(() -> {
        pairs[0] = RawMemory.getAlignedLong(host);
        pairs[1] = RawMemory.getAlignedLong(host + 8);
      });
    }
  }

  long first() {
    return pairs[0];
  }

  long second() {
    return pairs[1];
  }

  void storePair(long host, long first, long second) {
    PairExchange by = instruction;
    if (by == null) {
      alone.accept(() -> {
        RawMemory.putAlignedLong(host, first);
        RawMemory.putAlignedLong(host + 8, second);
      });
      return;
    }
    long low = RawMemory.getAlignedLong(host);
    long high = RawMemory.getAlignedLong(host + 8);
    while (!replaced(by, host, low, high, first, second)) {
      low = pairs[0];
      high = pairs[1];
    }
  }

  private boolean replaced(
      PairExchange by, long host, long low, long high, long newLow, long newHigh) {
    pairs[0] = low;
    pairs[1] = high;
    pairs[2] = newLow;
    pairs[3] = newHigh;
    by.exchange(host, pairs);
    return pairs[0] == low && pairs[1] == high;
  }

  // ---- up to 8 bytes within 16 -----------------------------------------------------------------

  long load(long host, int size) {
    return access(Kind.LOAD, host, size, 0, 0);
  }

  void store(long host, long bytes, int size) {
    access(Kind.STORE, host, size, 0, bytes);
  }

  /** Stores if what is there is {@code expected}; what was there. */
  long compareAndExchange(long host, int size, long expected, long bytes) {
    return access(Kind.EXCHANGE, host, size, expected, bytes);
  }

  private long access(Kind kind, long host, int size, long expected, long bytes) {
    if (!shared) {
      return plainly(kind, host, size, expected, bytes);
    }
    int at = (int) host & 7;
    long mask = -1L >>> (64 - 8 * size);
    if (at + size <= Long.BYTES) {
      return inLong(kind, host - at, 8 * at, mask, expected, bytes);
    }
    PairExchange by = instruction;
    if (by != null) {
      return inPair(by, kind, host - at, 8 * at, mask, expected, bytes);
    }
    alone.accept(() -> seen = plainly(kind, host, size, expected, bytes));
    return seen;
  }

  private static boolean stores(Kind kind, long seen, long expected) {
    return kind == Kind.STORE || (kind == Kind.EXCHANGE && seen == expected);
  }

  /** Without touching the bytes beside these, which devices may be writing. */
  private static long plainly(Kind kind, long host, int size, long expected, long bytes) {
    long seen = kind == Kind.STORE ? 0 : GuestBytes.load(host, size);
    if (stores(kind, seen, expected)) {
      GuestBytes.store(host, bytes, size);
    }
    return seen;
  }

  private static long inLong(
      Kind kind, long host, int shift, long mask, long expected, long bytes) {
    while (true) {
      long raw = RawMemory.getLongVolatile(host);
      long old = GuestBytes.littleEndian(raw, 8);
      long seen = old >>> shift & mask;
      if (!stores(kind, seen, expected)) {
        return seen;
      }
      long next = (old & ~(mask << shift)) | (bytes & mask) << shift;
      long written = GuestBytes.littleEndian(next, 8);
      if (RawMemory.compareAndExchange(host, 8, raw, written) == raw) {
        return seen;
      }
    }
  }

  /** From the first of two longs into the second: {@code shift} is not 0. */
  private long inPair(
      PairExchange by, Kind kind, long host, int shift, long mask, long expected, long bytes) {
    long low = RawMemory.getAlignedLong(host);
    long high = RawMemory.getAlignedLong(host + 8);
    while (true) {
      long first = GuestBytes.littleEndian(low, 8);
      long second = GuestBytes.littleEndian(high, 8);
      long found = (first >>> shift | second << (64 - shift)) & mask;
      if (stores(kind, found, expected)) {
        long value = bytes & mask;
        first = (first & ~(mask << shift)) | value << shift;
        second = (second & ~(mask >>> (64 - shift))) | value >>> (64 - shift);
      }
      long newLow = GuestBytes.littleEndian(first, 8);
      long newHigh = GuestBytes.littleEndian(second, 8);
      if (replaced(by, host, low, high, newLow, newHigh)) {
        return found;
      }
      low = pairs[0];
      high = pairs[1];
    }
  }
}
