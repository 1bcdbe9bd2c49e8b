package dev.kasuari.tcg.ir;

import java.util.Arrays;

/**
 * Which guest instruction each operation of a unit belongs to: the one whose {@code insn_start} was
 * passed last. An exit at an operation reports that instruction, so it must be the same on every
 * path that leads there, wherever the block is laid out; the {@link Verifier} sees to it.
 */
public final class InstructionMap {
  /** No path leads there. */
  public static final int UNREACHED = -2;

  /** Before the first guest instruction. */
  public static final int NONE = -1;

  /** Paths lead there from several instructions: nothing there leaves the unit. */
  public static final int SEVERAL = -3;

  private final IrUnit unit;
  private final int[] atEntry;

  /** Blocks whose entry became known, or known better, and whose successors do not know it yet. */
  private final boolean[] work;

  private boolean more;

  private InstructionMap(IrUnit unit) {
    this.unit = unit;
    this.atEntry = new int[unit.blocks()];
    this.work = new boolean[unit.blocks()];
    Arrays.fill(atEntry, UNREACHED);
    atEntry[0] = NONE;
    if (unit.blocks() > 1) {
      follow();
    }
  }

  /** The current instruction at the entry of each block. */
  public static int[] atEntries(IrUnit unit) {
    return new InstructionMap(unit).atEntry;
  }

  /** The instruction of each operation. */
  public static int[] of(IrUnit unit) {
    int[] atEntry = atEntries(unit);
    int[] instructions = new int[unit.size()];
    Arrays.fill(instructions, UNREACHED);
    for (int block = 0; block < atEntry.length; block++) {
      int at = atEntry[block];
      for (int i = unit.blockStart(block); at != UNREACHED; i++) {
        at = after(unit, i, at);
        instructions[i] = at;
        if (unit.op(i).terminator()) {
          break;
        }
      }
    }
    return instructions;
  }

  /** True if the operation may end the run of a unit, or leave it for Java. */
  static boolean leaves(IrUnit unit, int i) {
    Op op = unit.op(i);
    return op.is(Op.Trait.TRAPS)
        || op.is(Op.Trait.FP)
        || op == Op.VECTOR
        || (op.terminator() && unit.target(i) == IrUnit.NONE);
  }

  private void follow() {
    more = true;
    work[0] = true;
    while (more) {
      more = false;
      // Most branches lead to blocks of greater numbers, which this pass still meets.
      for (int block = 0; block < work.length; block++) {
        if (work[block]) {
          work[block] = false;
          follow(block);
        }
      }
    }
  }

  private void follow(int block) {
    int at = atEntry[block];
    int i = unit.blockStart(block);
    for (; !unit.op(i).terminator(); i++) {
      at = after(unit, i, at);
    }
    arrive(unit.target(i), at);
    arrive(unit.otherTarget(i), at);
  }

  private static int after(IrUnit unit, int i, int before) {
    return unit.op(i) == Op.INSN_START ? unit.auxiliary(i) : before;
  }

  private void arrive(int block, int instruction) {
    if (block == IrUnit.NONE) {
      return;
    }
    int known = atEntry[block];
    int now = known == UNREACHED || known == instruction ? instruction : SEVERAL;
    if (now != known) {
      atEntry[block] = now;
      work[block] = true;
      more = true;
    }
  }
}
