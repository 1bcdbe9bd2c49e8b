package dev.kasuari.tcg.x86_64;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.CodeImage;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ir.StateView;
import java.util.Arrays;

/**
 * Where the guest state is that memory lacks, for each place where code may trap: a list of views
 * of the state and of what belongs there. Filled while code is emitted, applied when it trapped.
 */
final class Recovery {
  private static final int REGISTER = 0;
  private static final int FRAME = 1;
  private static final int CONSTANT = 2;
  private static final int ADDRESS = 3;
  private static final int STATE = 4;

  private static final Recovery NOTHING = new Recovery(new long[0], 0);

  /** For each entry the view and, beside it, kind and source. */
  private long[] entries;

  private int size;

  Recovery() {
    this(new long[32], 0);
  }

  private Recovery(long[] entries, int size) {
    this.entries = entries;
    this.size = size;
  }

  /** Forgets all. */
  void reset() {
    size = 0;
  }

  /** The same entries, in no more room than they need. */
  Recovery copy() {
    return size == 0 ? NOTHING : new Recovery(Arrays.copyOf(entries, size), size);
  }

  /** Adds the entries to an image. */
  void save(CodeImage to) {
    to.add(entries, size);
  }

  static Recovery of(CodeImage from) {
    long[] entries = from.nextLongs();
    return entries.length == 0 ? NOTHING : new Recovery(entries, entries.length);
  }

  /** Number of entries so far: where the next list begins. */
  int size() {
    return size / 2;
  }

  private void add(long view, int kind, long source) {
    if (size == entries.length) {
      entries = Arrays.copyOf(entries, 2 * size);
    }
    entries[size] = view | (long) kind << 48;
    entries[size + 1] = source;
    size += 2;
  }

  /** A register of the pool, by its position there. */
  void register(long view, int register) {
    add(view, REGISTER, register);
  }

  void frame(long view, int slot) {
    add(view, FRAME, slot);
  }

  void constant(long view, long value) {
    add(view, CONSTANT, value);
  }

  /** The address that many bytes from the page in which the unit begins. */
  void address(long view, long offset) {
    add(view, ADDRESS, offset);
  }

  /** Another view of the state. */
  void state(long view, long source) {
    add(view, STATE, source);
  }

  /**
   * Completes the state.
   *
   * @param from the first entry of a list
   * @param to one past the last
   * @param state host address of the guest state, whose exit record has the registers
   */
  void apply(int from, int to, long state) {
    long page = RawMemory.getLong(state + ExitRecord.PAGE);
    long[] values = new long[to - from];
    // All are read before the first is written, which may be the source of another.
    for (int e = from; e < to; e++) {
      long source = entries[2 * e + 1];
      values[e - from] =
          switch ((int) (entries[2 * e] >>> 48)) {
            case REGISTER -> RawMemory.getLong(state + ExitRecord.REGISTERS + 8 * source);
            case FRAME -> RawMemory.getLong(state + EngineState.FRAME + 8 * source);
            case CONSTANT -> source;
            case ADDRESS -> page + source;
            default -> read(state + StateView.offset(source), source);
          };
    }
    for (int e = from; e < to; e++) {
      write(state, entries[2 * e], values[e - from]);
    }
  }

  private static long read(long at, long view) {
    boolean signed = StateView.isSigned(view);
    return switch (StateView.size(view)) {
      case 1 -> signed ? RawMemory.getByte(at) : RawMemory.getByte(at) & 0xff;
      case 2 -> signed ? RawMemory.getShort(at) : RawMemory.getShort(at) & 0xffff;
      case 4 -> signed ? RawMemory.getInt(at) : RawMemory.getInt(at) & 0xffff_ffffL;
      default -> RawMemory.getLong(at);
    };
  }

  private static void write(long state, long view, long value) {
    long at = state + StateView.offset(view);
    switch (StateView.size(view)) {
      case 1 -> RawMemory.putByte(at, (byte) value);
      case 2 -> RawMemory.putShort(at, (short) value);
      case 4 -> RawMemory.putInt(at, (int) value);
      default -> RawMemory.putLong(at, value);
    }
  }
}
