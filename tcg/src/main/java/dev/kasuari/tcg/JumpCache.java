package dev.kasuari.tcg;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One vCPU's answer to "which block is at this virtual address", with two places for each: two
 * addresses that displaced one another by turns would never be known. An answer holds while no
 * mapping changed (the generation of the soft MMU, {@link #dropPage}) and the block is valid and of
 * the mode asked for. For a jump of a kind that is not welcome everywhere there is one only if the
 * CPU has let such a jump in.
 */
final class JumpCache {
  private static final int SETS = 16384;
  private static final int WAYS = 2;
  private static final int SIZE = SETS * WAYS;
  private static final int NONE = -1;

  /** Of the filter of pages: an operating system has some thousands with code. */
  private static final int PAGES_LOG2 = 18;

  private static final long PAGE = -4096L;

  private final long[] pcs = new long[SIZE];
  private final long[] generations = new long[SIZE];

  /** The kinds of jumps that may lead there, a bit each. */
  private final byte[] kinds = new byte[SIZE];

  private final @Nullable TranslationBlock[] blocks = new @Nullable TranslationBlock[SIZE];

  private final PageFilter pages = new PageFilter(PAGES_LOG2);

  /** Its first place. Where instructions may have two bytes, blocks two bytes apart are rare. */
  private static int slot(long pc) {
    return ((int) (pc >>> 2 ^ pc >>> 16) & (SETS - 1)) * WAYS;
  }

  private int place(long pc, long mode, long generation) {
    int slot = slot(pc);
    if (isAt(slot, pc, mode, generation)) {
      return slot;
    }
    return isAt(slot + 1, pc, mode, generation) ? slot + 1 : NONE;
  }

  private boolean isAt(int slot, long pc, long mode, long generation) {
    TranslationBlock block = blocks[slot];
    return block != null
        && pcs[slot] == pc
        && generations[slot] == generation
        && block.mode() == mode
        && block.valid();
  }

  /** The block, or null if it is not known here. */
  @Nullable TranslationBlock find(long pc, long mode, long generation) {
    int place = place(pc, mode, generation);
    return place == NONE ? null : blocks[place];
  }

  /** As the other, for a jump of a kind. */
  @Nullable TranslationBlock find(long pc, long mode, long generation, int kind) {
    int place = place(pc, mode, generation);
    return place == NONE || (kinds[place] >> kind & 1) == 0 ? null : blocks[place];
  }

  /**
   * Says which jumps may lead to a block, if it is known here.
   *
   * @param more the kinds, a bit each
   */
  void welcome(long pc, TranslationBlock block, int more) {
    int slot = slot(pc);
    for (int place = slot; place < slot + WAYS; place++) {
      if (pcs[place] == pc && block.equals(blocks[place])) {
        kinds[place] |= (byte) more;
      }
    }
  }

  /** What was put there last goes to the second place, unless it is of the same address. */
  void put(long pc, long generation, TranslationBlock block) {
    if (pages.full()) {
      clear();
    }
    int slot = slot(pc);
    pages.add(pc);
    if (pcs[slot] != pc) {
      pcs[slot + 1] = pcs[slot];
      generations[slot + 1] = generations[slot];
      blocks[slot + 1] = blocks[slot];
      kinds[slot + 1] = kinds[slot];
    }
    pcs[slot] = pc;
    generations[slot] = generation;
    blocks[slot] = block;
    kinds[slot] = 1;
  }

  /** Forgets what begins in a page, or in the one before and may reach into it. */
  void dropPage(long virtual) {
    dropBlocksOf(virtual & PAGE);
    dropBlocksOf((virtual & PAGE) - 4096);
  }

  private void dropBlocksOf(long page) {
    if (pages.mayContain(page)) {
      for (long pc = page; pc != page + 4096; pc += 4) {
        int slot = slot(pc);
        dropIf(slot, page);
        dropIf(slot + 1, page);
      }
    }
  }

  private void dropIf(int slot, long page) {
    if ((pcs[slot] & PAGE) == page) {
      blocks[slot] = null;
    }
  }

  /** Lets go of every block. */
  void clear() {
    pages.clear();
    Arrays.fill(blocks, null);
  }
}
