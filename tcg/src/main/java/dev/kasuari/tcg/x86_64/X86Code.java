package dev.kasuari.tcg.x86_64;

import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.ir.IrUnit;
import java.util.Arrays;

/** A unit in machine code, and what is needed to find one's way back from an address in it. */
final class X86Code implements CompiledCode {
  private final IrUnit unit;
  private final long entry;
  private final int size;
  private final int[] siteEnds;
  private final int[] siteOps;
  private final int[] opStarts;
  private final int[] instructions;

  /**
   * @param unit the IR
   * @param entry host address of its first instruction
   * @param size bytes
   * @param siteEnds for each place where the code leaves, the offset that it returns to; ascending
   * @param siteOps the operation it leaves for
   * @param opStarts offset of each operation's code, or −1; slow paths come after all of them
   * @param instructions the guest instruction that each operation belongs to
   */
  X86Code(
      IrUnit unit,
      long entry,
      int size,
      int[] siteEnds,
      int[] siteOps,
      int[] opStarts,
      int[] instructions) {
    this.unit = unit;
    this.entry = entry;
    this.size = size;
    this.siteEnds = siteEnds;
    this.siteOps = siteOps;
    this.opStarts = opStarts;
    this.instructions = instructions;
  }

  IrUnit unit() {
    return unit;
  }

  long entry() {
    return entry;
  }

  /** The operation for which the code left, given the address that it would return to. */
  int operationAt(long site) {
    int index = Arrays.binarySearch(siteEnds, (int) (site - entry));
    if (index < 0) {
      throw new IllegalStateException("no exit at 0x" + Long.toHexString(site));
    }
    return siteOps[index];
  }

  /** True if the address lies in this code. */
  boolean contains(long address) {
    return address >= entry && address < entry + size;
  }

  /** The operation whose code an address lies in, for reports; the last one for a slow path. */
  int operationAround(long address) {
    int offset = (int) (address - entry);
    int found = 0;
    int last = 0;
    for (int i = 0; i < opStarts.length; i++) {
      if (opStarts[i] >= last && opStarts[i] <= offset) {
        found = i;
        last = opStarts[i];
      }
    }
    return found;
  }

  /** The guest instruction that an operation belongs to, 0 for what comes before the first. */
  int instruction(int operation) {
    return Math.max(instructions[operation], 0);
  }
}
