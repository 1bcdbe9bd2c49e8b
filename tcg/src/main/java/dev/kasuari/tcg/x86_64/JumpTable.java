package dev.kasuari.tcg.x86_64;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.PageFilter;
import dev.kasuari.tcg.TranslationBlock;
import java.util.Arrays;

/**
 * One vCPU's answer, in code, to "where is the code for this virtual address": direct-mapped,
 * outside the heap. An answer holds in the context in which it was given: the mode, and no mapping
 * changed since but those of pages that were dropped. Code of a block that has become invalid is
 * entered and leaves at once.
 */
final class JumpTable {
  private static final int ENTRIES = 65536;
  private static final int ENTRY_BYTES = 32;

  /** Bytes of a table. */
  static final int BYTES = ENTRIES * ENTRY_BYTES;

  /**
   * An entry's offset is {@code (pc ^ pc >>> FOLD) << SHIFT & OFFSET_MASK}, in 32 bits. Where
   * instructions may have two bytes, targets two bytes apart are rare, and share an entry.
   */
  static final int FOLD = 16;

  static final int SHIFT = 3;

  static final int OFFSET_MASK = (ENTRIES - 1) * ENTRY_BYTES;

  /** In an entry, long: the virtual address. */
  static final int ADDRESS = 0;

  /** long: the context, and the kind of the jump that it is for, in its lowest bits. */
  static final int CONTEXT = 8;

  /** long: where the code is. */
  static final int CODE = 16;

  /** Of the filter of pages: an operating system has some thousands with code. */
  private static final int PAGES_LOG2 = 18;

  private static final int MODE_BITS = 8;
  private static final int KIND_BITS = 2;

  /** The context of an empty entry; none that code runs in. */
  private static final long EMPTY = 0;

  private static final long PAGE = -4096L;

  private final long table;
  private final PageFilter pages = new PageFilter(PAGES_LOG2);
  private long[] modes = new long[4];
  private int modeCount;

  /**
   * @param table host address of {@link #BYTES} zero bytes
   */
  JumpTable(long table) {
    this.table = table;
  }

  /** Forgets what begins in a page, or in the one before and may reach into it. */
  void dropPage(long virtual) {
    dropCodeOf(virtual & PAGE);
    dropCodeOf((virtual & PAGE) - 4096);
  }

  private void dropCodeOf(long page) {
    if (pages.mayContain(page)) {
      for (long pc = page; pc != page + 4096; pc += 4) {
        long entry = entry(pc);
        if ((RawMemory.getAlignedLong(entry + ADDRESS) & PAGE) == page) {
          RawMemory.putAlignedLong(entry + CONTEXT, EMPTY);
        }
      }
    }
  }

  void clear() {
    pages.clear();
    RawMemory.fill(table, BYTES, (byte) 0);
  }

  long address() {
    return table;
  }

  /** The context that no entry has, whatever the kind of the jump. */
  static final long NOWHERE = -1L << KIND_BITS;

  /** The context in which code of a block runs now, or {@link #NOWHERE} if none may follow it. */
  long context(ExecutionContext context, TranslationBlock block) {
    return context.noChain
        ? NOWHERE
        : (context.mmu().generation + 1) << (MODE_BITS + KIND_BITS)
            | (long) number(block.mode()) << KIND_BITS;
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

  private long entry(long pc) {
    return table + (((int) pc ^ (int) pc >>> FOLD) << SHIFT & OFFSET_MASK);
  }

  void put(long pc, long context, long code) {
    if (pages.full()) {
      clear();
    }
    long entry = entry(pc);
    pages.add(pc);
    RawMemory.putAlignedLong(entry + ADDRESS, pc);
    RawMemory.putAlignedLong(entry + CONTEXT, context);
    RawMemory.putAlignedLong(entry + CODE, code);
  }
}
