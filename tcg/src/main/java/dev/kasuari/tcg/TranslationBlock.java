package dev.kasuari.tcg;

import dev.kasuari.tcg.ir.IrUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A translated unit: guest code at a place in RAM, in one mode. Its virtual address is not part of
 * it, so processes that map the same page share it.
 */
public final class TranslationBlock {
  /** {@link #secondPage} of a block that lies in one page. */
  public static final long ONE_PAGE = -1;

  private final long ramAddress;
  private final int length;
  private final long secondPage;
  private final long mode;
  private final int flags;
  private final int instructions;
  private final CompiledCode code;
  private volatile boolean valid = true;
  private @Nullable TranslationBlock link0;
  private @Nullable TranslationBlock link1;

  /** Blocks that are chained to this one. Guarded by the code cache. */
  private final List<TranslationBlock> incoming = new ArrayList<>(2);

  TranslationBlock(
      long ramAddress,
      int length,
      long secondPage,
      long mode,
      int flags,
      int instructions,
      CompiledCode code) {
    this.ramAddress = ramAddress;
    this.length = length;
    this.secondPage = secondPage;
    this.mode = mode;
    this.flags = flags;
    this.instructions = instructions;
    this.code = code;
    code.attach(this);
  }

  /** A block for a back end's own tests: no page, no mode. */
  public static TranslationBlock detached(IrUnit unit, CompiledCode code) {
    return new TranslationBlock(0, 1, ONE_PAGE, 0, 0, unit.instructions().size(), code);
  }

  /** RAM address of the first byte. */
  public long ramAddress() {
    return ramAddress;
  }

  /** Bytes of guest code. */
  public int length() {
    return length;
  }

  /** RAM address of the second page it reaches into, or {@link #ONE_PAGE}. */
  public long secondPage() {
    return secondPage;
  }

  public long mode() {
    return mode;
  }

  /** As in {@link UnitFlags}. */
  public int flags() {
    return flags;
  }

  /** Guest instructions in it. */
  public int instructions() {
    return instructions;
  }

  public CompiledCode code() {
    return code;
  }

  /** False once any of its bytes changed; nothing may enter it any more. */
  public boolean valid() {
    return valid;
  }

  /** With the code cache's lock: nothing enters it any more. */
  void invalidate() {
    valid = false;
    code.retire();
    for (TranslationBlock from : List.copyOf(incoming)) {
      from.unlink(this);
    }
    // Who is still in its code must not follow it to where other code may be by then.
    unlinkIfAny(link0);
    unlinkIfAny(link1);
  }

  private void unlink(TranslationBlock to) {
    for (int slot = 0; slot < 2; slot++) {
      if (to.equals(link(slot))) {
        set(slot, null);
        code.link(slot, null);
      }
    }
    to.incoming.remove(this);
  }

  private void unlinkIfAny(@Nullable TranslationBlock to) {
    if (to != null) {
      unlink(to);
    }
  }

  /** The block chained to a slot (0 or 1), or null. */
  public @Nullable TranslationBlock link(int slot) {
    return slot == 0 ? link0 : link1;
  }

  /**
   * Chains a slot, with the code cache's lock. Only a block in the same page may be linked, whose
   * mapping is then the same, or it would outlive a change of the page tables.
   */
  void link(int slot, TranslationBlock to) {
    TranslationBlock before = link(slot);
    if (before != null) {
      unlink(before);
    }
    set(slot, to);
    to.incoming.add(this);
    code.link(slot, to.code);
  }

  private void set(int slot, @Nullable TranslationBlock to) {
    if (slot == 0) {
      link0 = to;
    } else {
      link1 = to;
    }
  }

  /** Whether bytes {@code from} to {@code from + size - 1} of RAM belong to it. */
  boolean covers(long from, long size) {
    int inFirst = secondPage == ONE_PAGE ? length : (int) (4096 - (ramAddress & 4095));
    return overlaps(ramAddress, inFirst, from, size)
        || (secondPage != ONE_PAGE && overlaps(secondPage, length - inFirst, from, size));
  }

  private static boolean overlaps(long a, long aSize, long b, long bSize) {
    return a < b + bSize && b < a + aSize;
  }
}
