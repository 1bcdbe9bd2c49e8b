package dev.kasuari.tcg.x86_64;

import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which guest instruction each operation of a unit belongs to. An interpreter remembers the last
 * {@code insn_start} that it passed; machine code has to know it for each place, so it must be the
 * same on every path that leads there.
 */
final class InstructionMap {
  /** No path leads there. */
  static final int UNREACHED = -2;

  /** Before the first guest instruction. */
  static final int NONE = -1;

  private static final int SEVERAL = -3;

  private final IrUnit unit;
  private final int[] atEntry;
  private final ArrayDeque<Integer> work = new ArrayDeque<>();

  private InstructionMap(IrUnit unit) {
    this.unit = unit;
    this.atEntry = new int[unit.blocks()];
    Arrays.fill(atEntry, UNREACHED);
    arrive(0, NONE);
    while (!work.isEmpty()) {
      int block = work.remove();
      int at = atEntry[block];
      int i = unit.blockStart(block);
      for (; !unit.op(i).terminator(); i++) {
        at = after(i, at);
      }
      arrive(unit.target(i), at);
      arrive(unit.otherTarget(i), at);
    }
  }

  private int after(int i, int before) {
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
      work.add(block);
    }
  }

  /**
   * The instruction of each operation, or null if an operation that may leave the unit belongs to
   * several.
   */
  static int @Nullable [] of(IrUnit unit) {
    var map = new InstructionMap(unit);
    int[] instructions = new int[unit.size()];
    Arrays.fill(instructions, UNREACHED);
    for (int block = 0; block < unit.blocks(); block++) {
      int at = map.atEntry[block];
      if (at == UNREACHED) {
        continue;
      }
      int i = unit.blockStart(block);
      do {
        at = map.after(i, at);
        instructions[i] = at;
        if (at == SEVERAL && leaves(unit, i)) {
          return null;
        }
      } while (!unit.op(i++).terminator());
    }
    return instructions;
  }

  private static boolean leaves(IrUnit unit, int i) {
    Op op = unit.op(i);
    return op.is(Op.Trait.TRAPS)
        || op.is(Op.Trait.FP)
        || (op.terminator() && unit.target(i) == IrUnit.NONE);
  }
}
