package dev.kasuari.tcg.x86_64;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.TranslationBlock;
import java.util.Arrays;

/**
 * One vCPU's answer, in code, to "where is the code for this virtual address": direct-mapped,
 * outside the heap. An answer holds in the context in which it was given: the mode, and no mapping
 * changed since. Code of a block that has become invalid is entered and leaves at once.
 */
final class JumpTable {
  private static final int ENTRIES = 4096;
  private static final int ENTRY_BYTES = 32;

  /** Bytes of a table. */
  static final int BYTES = ENTRIES * ENTRY_BYTES;

  /** An entry's offset is the address times 16 (instructions begin at even ones), masked. */
  static final int ADDRESS_SHIFT = 4;

  static final int OFFSET_MASK = (ENTRIES - 1) * ENTRY_BYTES;

  /** In an entry, long: the virtual address. */
  static final int ADDRESS = 0;

  /** long: the context. */
  static final int CONTEXT = 8;

  /** long: where the code is. */
  static final int CODE = 16;

  private static final int MODE_BITS = 8;

  private final long table;
  private long[] modes = new long[4];
  private int modeCount;

  /**
   * @param table host address of {@link #BYTES} bytes
   */
  JumpTable(long table) {
    this.table = table;
    clear();
  }

  void clear() {
    RawMemory.fill(table, BYTES, (byte) 0);
  }

  long address() {
    return table;
  }

  /** The context that no entry has. */
  static final long NOWHERE = -1;

  /** The context in which code of a block runs now, or {@link #NOWHERE} if none may follow it. */
  long context(ExecutionContext context, TranslationBlock block) {
    return context.noChain
        ? NOWHERE
        : (context.mmu().generation + 1) << MODE_BITS | number(block.mode());
  }

  /** A small number for a mode. */
  private int number(long mode) {
    for (int i = 0; i < modeCount; i++) {
      if (modes[i] == mode) {
        return i;
      }
    }
    if (modeCount == 1 << MODE_BITS) {
      modeCount = 0;
      clear();
    }
    if (modeCount == modes.length) {
      modes = Arrays.copyOf(modes, 2 * modeCount);
    }
    modes[modeCount] = mode;
    return modeCount++;
  }

  void put(long pc, long context, long code) {
    long entry = table + (pc << ADDRESS_SHIFT & OFFSET_MASK);
    RawMemory.putLong(entry + ADDRESS, pc);
    RawMemory.putLong(entry + CONTEXT, context);
    RawMemory.putLong(entry + CODE, code);
  }
}
