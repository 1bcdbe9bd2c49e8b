package dev.kasuari.tcg.ir;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;

/**
 * The rules of the IR: operand types, a definition before every use on every path, one terminator a
 * block, one guest instruction for what may leave the unit, and restartability — within a guest
 * instruction no state is written before the last operation that may trap, unless the instruction
 * is declared restartable.
 *
 * <p>A violation is a bug in semantics or in a pass and throws {@link IllegalStateException} with
 * the unit as text.
 */
public final class Verifier {
  private final IrUnit unit;
  private final int[] definedAt;
  private final int[] blockOf;
  private final BitSet[] dominators;

  private Verifier(IrUnit unit) {
    this.unit = unit;
    this.definedAt = new int[unit.values()];
    this.blockOf = new int[unit.size()];
    this.dominators = new BitSet[unit.blocks()];
  }

  /** Checks a unit. */
  public static void verify(IrUnit unit) {
    new Verifier(unit).run();
  }

  private void run() {
    mapBlocks();
    computeDominators();
    for (int block = 0; block < unit.blocks(); block++) {
      if (!dominators[block].isEmpty()) {
        checkBlock(block);
      }
    }
    checkInstructions();
    checkRestartability();
  }

  private int end(int block) {
    int i = unit.blockStart(block);
    while (!unit.op(i).terminator()) {
      i++;
      if (i == unit.size()) {
        throw broken(i - 1, "block b" + block + " has no terminator");
      }
    }
    return i;
  }

  private void mapBlocks() {
    Arrays.fill(definedAt, -1);
    Arrays.fill(blockOf, -1);
    for (int block = 0; block < unit.blocks(); block++) {
      int end = end(block);
      for (int i = unit.blockStart(block); i <= end; i++) {
        blockOf[i] = block;
        for (int r = 0; r < unit.op(i).resultCount(); r++) {
          define(unit.result(i) + r, i);
        }
      }
      for (int p = 0; p < unit.parameterCount(block); p++) {
        // A parameter is defined at the head of its block: remembered as the block, below -1.
        define(unit.firstParameter(block) + p, -2 - block);
      }
    }
  }

  private void define(int value, int at) {
    if (definedAt[value] != -1) {
      throw broken(Math.max(at, 0), "v" + value + " is defined twice");
    }
    definedAt[value] = at;
  }

  private void computeDominators() {
    for (int block = 0; block < unit.blocks(); block++) {
      dominators[block] = new BitSet();
    }
    dominators[0].set(0);
    boolean changed = true;
    while (changed) {
      changed = false;
      for (int block = 0; block < unit.blocks(); block++) {
        if (dominators[block].isEmpty()) {
          continue;
        }
        int end = end(block);
        changed |= flow(block, unit.target(end));
        changed |= flow(block, unit.otherTarget(end));
      }
    }
  }

  private boolean flow(int from, int to) {
    if (to == IrUnit.NONE) {
      return false;
    }
    BitSet known = dominators[to];
    var next = (BitSet) dominators[from].clone();
    if (!known.isEmpty()) {
      next.and(known);
    }
    next.set(to);
    if (to == 0) {
      throw broken(end(from), "a branch to the entry block");
    }
    boolean changed = !next.equals(known);
    dominators[to] = next;
    return changed;
  }

  private void checkBlock(int block) {
    int end = end(block);
    for (int i = unit.blockStart(block); i <= end; i++) {
      Op op = unit.op(i);
      checkTypes(i, op);
      for (int a = 0; a < unit.argumentCount(i); a++) {
        checkDefined(i, unit.argument(i, a));
      }
      if ((op == Op.UNIT_START) != (i == 0)) {
        throw broken(i, "unit_start must be first and only there");
      }
    }
    checkEdges(end);
  }

  private void checkTypes(int i, Op op) {
    int count = unit.argumentCount(i);
    int fixed = op.fixedOperands();
    if (op.variadic() ? count < fixed : count != fixed) {
      throw broken(i, count + " operands");
    }
    for (int a = 0; a < fixed; a++) {
      Type actual = unit.valueType(unit.argument(i, a));
      boolean fits =
          switch (op.operands().charAt(a)) {
            case 'T' -> actual == unit.type(i);
            case 'c' -> actual == unit.valueType(unit.argument(i, op.operands().indexOf('c')));
            case 'w' -> actual == Type.I32;
            case 'q' -> actual == Type.I64;
            case 'f' -> actual == Type.FLAGS;
            default -> throw new AssertionError(op);
          };
      if (!fits) {
        throw broken(i, "operand " + a + " is " + actual);
      }
    }
    if (unit.result(i) == IrUnit.NONE && !op.results().isEmpty()) {
      throw broken(i, "no result");
    }
  }

  private void checkDefined(int use, int value) {
    int at = definedAt[value];
    boolean dominated;
    if (at <= -2) {
      dominated = dominators[blockOf[use]].get(-2 - at);
    } else if (at < 0) {
      dominated = false;
    } else if (blockOf[at] == blockOf[use]) {
      dominated = at < use;
    } else {
      dominated = dominators[blockOf[use]].get(blockOf[at]);
    }
    if (!dominated) {
      throw broken(use, "v" + value + " is not defined on every path to here");
    }
  }

  private void checkEdges(int i) {
    Op op = unit.op(i);
    int next = op.fixedOperands();
    for (int to : new int[] {unit.target(i), unit.otherTarget(i)}) {
      if (to == IrUnit.NONE) {
        continue;
      }
      for (int p = 0; p < unit.parameterCount(to); p++, next++) {
        if (next >= unit.argumentCount(i)
            || unit.valueType(unit.argument(i, next))
                != unit.valueType(unit.firstParameter(to) + p)) {
          throw broken(i, "values for the parameters of b" + to);
        }
      }
    }
    if (unit.target(i) != IrUnit.NONE && next != unit.argumentCount(i)) {
      throw broken(i, "more values than parameters");
    }
  }

  // ---- instructions ----------------------------------------------------------------------------

  /** What leaves the unit says at which instruction: one, whatever the path. */
  private void checkInstructions() {
    int[] instructions = InstructionMap.of(unit);
    for (int i = 0; i < instructions.length; i++) {
      if (instructions[i] == InstructionMap.SEVERAL && InstructionMap.leaves(unit, i)) {
        throw broken(i, "may leave from several guest instructions");
      }
    }
  }

  // ---- restartability --------------------------------------------------------------------------

  /** Follows every path with the number of the current instruction and whether it wrote state. */
  private void checkRestartability() {
    var seen = new HashSet<List<Integer>>();
    var work = new ArrayDeque<List<Integer>>();
    work.add(List.of(0, -1, 0));
    while (!work.isEmpty()) {
      List<Integer> entry = work.remove();
      if (!seen.add(entry)) {
        continue;
      }
      int block = entry.get(0);
      int[] out = walk(block, entry.get(1), entry.get(2) != 0);
      int end = end(block);
      for (int to : new int[] {unit.target(end), unit.otherTarget(end)}) {
        if (to != IrUnit.NONE) {
          work.add(List.of(to, out[0], out[1]));
        }
      }
    }
  }

  private int[] walk(int block, int instruction, boolean dirty) {
    int end = end(block);
    for (int i = unit.blockStart(block); i <= end; i++) {
      Op op = unit.op(i);
      if (op == Op.INSN_START) {
        instruction = unit.auxiliary(i);
        dirty = false;
      }
      boolean restartable = instruction >= 0 && unit.instructions().get(instruction).restartable();
      if (mayTrap(i) && dirty && !restartable) {
        throw broken(i, "may trap after its instruction has written state");
      }
      dirty |= op == Op.CALL ? helper(i).writesState() : op.is(Op.Trait.WRITES_STATE);
    }
    return new int[] {instruction, dirty ? 1 : 0};
  }

  private boolean mayTrap(int i) {
    Op op = unit.op(i);
    return op == Op.CALL ? helper(i).raises() : op.is(Op.Trait.TRAPS);
  }

  private Helper helper(int i) {
    return unit.helpers().get(unit.auxiliary(i));
  }

  private IllegalStateException broken(int i, String why) {
    return new IllegalStateException(
        "IR: " + why + " at '" + Printer.line(unit, i) + "' in\n" + Printer.print(unit));
  }
}
