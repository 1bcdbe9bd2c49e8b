package dev.kasuari.tcg.lockstep;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.memory.RamBlock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The RAM that a run of a unit read and wrote: enough to take its stores back, to do them again,
 * and to see whether another run left the same bytes.
 */
final class MemoryLog {
  private final List<RamBlock> blocks = new ArrayList<>();
  private long[] virtual = new long[64];
  private long[] host = new long[64];
  private long[] offset = new long[64];
  private byte[] sizes = new byte[64];
  private long[] before = new long[64];
  private long[] after = new long[64];
  private int stores;

  private long[] loadedFrom = new long[64];
  private byte[] loadedSize = new byte[64];
  private long[] loaded = new long[64];
  private int loads;

  void clear() {
    stores = 0;
    loads = 0;
    blocks.clear();
  }

  private static long read(long at, int size) {
    return switch (size) {
      case 1 -> RawMemory.getByte(at);
      case 2 -> RawMemory.getShort(at);
      case 4 -> RawMemory.getInt(at);
      default -> RawMemory.getLong(at);
    };
  }

  private static void write(long at, int size, long value) {
    switch (size) {
      case 1 -> RawMemory.putByte(at, (byte) value);
      case 2 -> RawMemory.putShort(at, (short) value);
      case 4 -> RawMemory.putInt(at, (int) value);
      default -> RawMemory.putLong(at, value);
    }
  }

  // ---- keeping ---------------------------------------------------------------------------------

  /** RAM is about to be read. What the same run wrote there is of no interest. */
  void loading(long from, int size) {
    if (overlapsStore(from, size)) {
      return;
    }
    if (loads == loaded.length) {
      loadedFrom = Arrays.copyOf(loadedFrom, 2 * loads);
      loadedSize = Arrays.copyOf(loadedSize, 2 * loads);
      loaded = Arrays.copyOf(loaded, 2 * loads);
    }
    loadedFrom[loads] = from;
    loadedSize[loads] = (byte) size;
    loaded[loads++] = read(from, size);
  }

  /** RAM is about to be written. */
  void storing(long address, long to, int size, RamBlock ram, long inBlock) {
    if (stores == before.length) {
      virtual = Arrays.copyOf(virtual, 2 * stores);
      host = Arrays.copyOf(host, 2 * stores);
      offset = Arrays.copyOf(offset, 2 * stores);
      sizes = Arrays.copyOf(sizes, 2 * stores);
      before = Arrays.copyOf(before, 2 * stores);
      after = Arrays.copyOf(after, 2 * stores);
    }
    virtual[stores] = address;
    host[stores] = to;
    offset[stores] = inBlock;
    sizes[stores] = (byte) size;
    before[stores++] = read(to, size);
    blocks.add(ram);
  }

  private boolean overlapsStore(long from, int size) {
    for (int i = 0; i < stores; i++) {
      if (from < host[i] + sizes[i] && host[i] < from + size) {
        return true;
      }
    }
    return false;
  }

  // ---- using -----------------------------------------------------------------------------------

  /** The run is over: remembers what it left, then makes all as it was before. */
  void takeBack() {
    for (int i = 0; i < stores; i++) {
      after[i] = read(host[i], sizes[i]);
    }
    restore();
  }

  /** Makes all as it was before, once more. */
  void restore() {
    for (int i = stores - 1; i >= 0; i--) {
      write(host[i], sizes[i], before[i]);
    }
  }

  /** Does the stores again, for good. */
  void redo() {
    for (int i = 0; i < stores; i++) {
      write(host[i], sizes[i], after[i]);
      blocks.get(i).dirty().written(offset[i], sizes[i]);
    }
  }

  /**
   * After {@link #takeBack}: whether what was read is still there, so that it can be read again.
   */
  boolean loadsHold() {
    for (int i = 0; i < loads; i++) {
      if (read(loadedFrom[i], loadedSize[i]) != loaded[i]) {
        return false;
      }
    }
    return true;
  }

  /** Whether all bytes of an access were written by this run. */
  boolean wrote(long to, int size) {
    for (long at = to; at < to + size; at++) {
      if (!overlapsStore(at, 1)) {
        return false;
      }
    }
    return true;
  }

  /** Whether memory holds what the run left. */
  boolean same() {
    for (int i = 0; i < stores; i++) {
      if (read(host[i], sizes[i]) != after[i]) {
        return false;
      }
    }
    return true;
  }

  /** A line for each place where memory does not hold what the run left. */
  String differences(String mine, String other) {
    var text = new StringBuilder();
    @Nullable String last = null;
    for (int i = 0; i < stores; i++) {
      long now = read(host[i], sizes[i]);
      if (now != after[i]) {
        int digits = 2 * sizes[i];
        String line =
            "  memory 0x%x, %d bytes: %s %s, %s %s, before %s%n"
                .formatted(
                    virtual[i],
                    sizes[i],
                    mine,
                    hex(after[i], digits),
                    other,
                    hex(now, digits),
                    hex(first(i), digits));
        if (!line.equals(last)) {
          text.append(line);
        }
        last = line;
      }
    }
    return text.toString();
  }

  /** What was at the place of a store before any of them. */
  private long first(int store) {
    for (int i = 0; i < store; i++) {
      if (host[i] == host[store] && sizes[i] == sizes[store]) {
        return before[i];
      }
    }
    return before[store];
  }

  private static String hex(long value, int digits) {
    String all = "%016x".formatted(value);
    return "0x" + all.substring(16 - digits);
  }
}
