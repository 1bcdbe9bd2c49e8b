package dev.kasuari.tcg;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One vCPU's answer to "which block is at this virtual address", direct-mapped. An answer holds
 * while no mapping changed (the generation of the soft MMU, {@link #dropPage}) and the block is
 * valid and of the mode asked for. For a jump of a kind that is not welcome everywhere there is one
 * only if the CPU has let such a jump in.
 */
final class JumpCache {
  private static final int SIZE = 16384;
  private static final long PAGE = -4096L;

  private final long[] pcs = new long[SIZE];
  private final long[] generations = new long[SIZE];

  /** The kinds of jumps that may lead there, a bit each. */
  private final byte[] kinds = new byte[SIZE];

  private final @Nullable TranslationBlock[] blocks = new @Nullable TranslationBlock[SIZE];

  private final PageFilter pages = new PageFilter();

  private static int slot(long pc) {
    return (int) (pc >>> 1 ^ pc >>> 15) & (SIZE - 1);
  }

  /** The block, or null if it is not known here. */
  @Nullable TranslationBlock find(long pc, long mode, long generation) {
    int slot = slot(pc);
    TranslationBlock block = blocks[slot];
    return block != null
            && pcs[slot] == pc
            && generations[slot] == generation
            && block.mode() == mode
            && block.valid()
        ? block
        : null;
  }

  /** As the other, for a jump of a kind. */
  @Nullable TranslationBlock find(long pc, long mode, long generation, int kind) {
    return (kinds[slot(pc)] >> kind & 1) == 0 ? null : find(pc, mode, generation);
  }

  /**
   * Says which jumps may lead to a block, if it is known here.
   *
   * @param more the kinds, a bit each
   */
  void welcome(long pc, TranslationBlock block, int more) {
    if (block.equals(blocks[slot(pc)])) {
      kinds[slot(pc)] |= (byte) more;
    }
  }

  void put(long pc, long generation, TranslationBlock block) {
    int slot = slot(pc);
    pages.add(pc);
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
      for (long pc = page; pc != page + 4096; pc += 2) {
        int slot = slot(pc);
        if ((pcs[slot] & PAGE) == page) {
          blocks[slot] = null;
        }
      }
    }
  }

  /** Lets go of every block. */
  void clear() {
    pages.clear();
    Arrays.fill(blocks, null);
  }
}
