package dev.kasuari.tcg.x86_64;

import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.VectorDesc;
import java.util.Arrays;

/**
 * Which operations of a unit nobody needs, and when each value is used next: found for one block
 * after another, and followed as its operations are emitted.
 */
final class Liveness {
  /** Not used again. */
  static final int NEVER = Integer.MAX_VALUE;

  /** Used in another block. */
  static final int LATER = Integer.MAX_VALUE - 1;

  private IrUnit unit = IrUnit.EMPTY;

  /** For each value. */
  private int[] next = new int[0];

  private boolean[] crosses = new boolean[0];
  private int[] definition = new int[0];

  /** For each operand, when its value is used again. */
  private int[] nextUse = new int[0];

  /** For each operation. */
  private boolean[] dead = new boolean[0];

  /** Values that are used in other blocks than their own; parameters are. */
  private int[] crossing = new int[16];

  private int crossingCount;

  /** During the survey of a block: what is written further on, with nobody looking before. */
  private long[] overwritten = new long[16];

  private int overwrittenCount;

  /** Starts a unit. */
  void begin(IrUnit of) {
    unit = of;
    if (next.length < unit.values()) {
      int capacity = 2 * unit.values();
      next = new int[capacity];
      crosses = new boolean[capacity];
      definition = new int[capacity];
    }
    if (nextUse.length < unit.arguments()) {
      nextUse = new int[2 * unit.arguments()];
    }
    if (dead.length < unit.size()) {
      dead = new boolean[2 * unit.size()];
    }
    crossingCount = 0;
    Arrays.fill(next, 0, unit.values(), NEVER);
    Arrays.fill(crosses, 0, unit.values(), false);
    if (unit.blocks() > 1) {
      findCrossing();
    }
  }

  /** The blocks lie one behind the other, and a value is defined before where it is used. */
  private void findCrossing() {
    for (int block = 0; block < unit.blocks(); block++) {
      for (int p = 0; p < unit.parameterCount(block); p++) {
        crosses(unit.firstParameter(block) + p);
      }
    }
    int start = 0;
    for (int i = 0; i < unit.size(); i++) {
      for (int p = unit.argumentCount(i) - 1; p >= 0; p--) {
        int value = unit.argument(i, p);
        if (!crosses[value] && definition[value] < start) {
          crosses(value);
        }
      }
      Op op = unit.op(i);
      int result = unit.result(i);
      for (int r = op.resultCount() - 1; r >= 0; r--) {
        definition[result + r] = i;
      }
      if (op.terminator()) {
        start = i + 1;
      }
    }
  }

  private void crosses(int value) {
    if (crossingCount == crossing.length) {
      crossing = Arrays.copyOf(crossing, 2 * crossingCount);
    }
    crossing[crossingCount++] = value;
    crosses[value] = true;
    next[value] = LATER;
  }

  /** Starts a block: finds when each value is used in it, and which operations nobody needs. */
  void enter(int block) {
    int start = unit.blockStart(block);
    int end = start;
    while (!unit.op(end).terminator()) {
      end++;
    }
    overwrittenCount = 0;
    for (int i = end; i >= start; i--) {
      dead[i] = unneeded(i) || overwritten(i);
      if (dead[i]) {
        continue;
      }
      for (int p = unit.argumentCount(i) - 1; p >= 0; p--) {
        int value = unit.argument(i, p);
        nextUse[unit.argumentIndex(i, p)] = next[value];
        next[value] = i;
      }
    }
  }

  private boolean unneeded(int i) {
    Op op = unit.op(i);
    int result = unit.result(i);
    return (op.is(Op.Trait.PURE) || op == Op.GET)
        && next[result] == NEVER
        && (op.resultCount() < 2 || next[result + 1] == NEVER);
  }

  /**
   * Whether an operation writes to the state what another one overwrites before anybody sees it;
   * asked of each that is needed, from the last to the first.
   */
  private boolean overwritten(int i) {
    Op op = unit.op(i);
    switch (op) {
      case SET -> {
        long view = unit.immediate(i);
        for (int o = 0; o < overwrittenCount; o++) {
          if (StateView.contains(overwritten[o], view)) {
            return true;
          }
        }
        overwrites(view);
      }
      case GET -> {
        long view = unit.immediate(i);
        for (int o = overwrittenCount - 1; o >= 0; o--) {
          if (StateView.overlap(overwritten[o], view)) {
            overwritten[o] = overwritten[--overwrittenCount];
          }
        }
      }
      case VECTOR -> {
        VectorDesc desc = unit.vector(i);
        overwrites(desc.written());
        for (int o = overwrittenCount - 1; o >= 0; o--) {
          if (desc.readsAny(overwritten[o])) {
            overwritten[o] = overwritten[--overwrittenCount];
          }
        }
      }
      case INSN_START -> {}
      default -> {
        if (!op.is(Op.Trait.PURE) || op.is(Op.Trait.FP)) {
          overwrittenCount = 0;
        }
      }
    }
    return false;
  }

  private void overwrites(long view) {
    if (overwrittenCount == overwritten.length) {
      overwritten = Arrays.copyOf(overwritten, 2 * overwrittenCount);
    }
    overwritten[overwrittenCount++] = view;
  }

  /** Whether nobody needs what an operation computes. */
  boolean dead(int i) {
    return dead[i];
  }

  /** An operand counts as used: what is known of its value is when it is used again. */
  void use(int i, int position) {
    next[unit.argument(i, position)] = nextUse[unit.argumentIndex(i, position)];
  }

  /** The operation that uses a value next, {@link #LATER} or {@link #NEVER}. */
  int next(int value) {
    return next[value];
  }

  /** Whether nobody uses a value any more. */
  boolean over(int value) {
    return next[value] == NEVER;
  }

  /** Whether a value is used in other blocks than its own. */
  boolean isCrossing(int value) {
    return crosses[value];
  }

  /** Number of values that {@linkplain #isCrossing cross}. */
  int crossing() {
    return crossingCount;
  }

  /** One of them. */
  int crossing(int n) {
    return crossing[n];
  }
}
