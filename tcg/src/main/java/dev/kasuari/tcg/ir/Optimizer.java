package dev.kasuari.tcg.ir;

import java.util.Arrays;

/**
 * Makes a unit do less: what is known of the guest state is not read again, constants are folded,
 * operations that change nothing go, and comparisons go into the branches that look at them. One
 * pass over the operations, which keep their order and their number; results that nobody needs any
 * more stay, for the back end to leave out.
 */
public final class Optimizer {
  /** Computes a pure operation of constants, 32-bit ones sign-extended. */
  @FunctionalInterface
  public interface Folding {
    /** The result; operands that the operation lacks are 0. */
    long fold(Op op, Type type, long immediate, long a, long b, long c, long d);
  }

  private static final int NONE = IrUnit.NONE;

  private final Folding folding;
  private IrUnit unit = IrUnit.EMPTY;

  /** The new columns. */
  private byte[] op = new byte[0];

  private byte[] type = new byte[0];
  private long[] immediate = new long[0];
  private int[] argumentStart = new int[0];
  private int[] arguments = new int[64];
  private int argumentCount;

  /** What stands for each value, and the operation that defines it. */
  private int[] alias = new int[0];

  private int[] definition = new int[0];

  /** What is known of the state at this place: views and the values that they hold. */
  private long[] knownView = new long[32];

  private int[] knownValue = new int[32];
  private int known;

  /** For one unit after another, in one thread at a time. */
  public Optimizer(Folding folding) {
    this.folding = folding;
  }

  /** A unit that does the same. */
  public static IrUnit optimize(IrUnit unit, Folding folding) {
    return new Optimizer(folding).optimize(unit);
  }

  /** A unit that does the same; valid until the next one is asked for. */
  public IrUnit optimize(IrUnit original) {
    begin(original);
    for (int i = 0; i < unit.size(); i++) {
      copy(i);
      rewrite(i);
      int result = unit.result(i);
      for (int r = unit.op(i).resultCount() - 1; r >= 0; r--) {
        definition[result + r] = i;
      }
      if (op(i).terminator()) {
        known = 0;
      }
    }
    return unit.with(op, type, immediate, argumentStart, arguments, argumentCount);
  }

  private void begin(IrUnit original) {
    unit = original;
    argumentCount = 0;
    known = 0;
    if (op.length < unit.size()) {
      int capacity = 2 * unit.size();
      op = new byte[capacity];
      type = new byte[capacity];
      immediate = new long[capacity];
      argumentStart = new int[capacity];
    }
    if (alias.length < unit.values()) {
      alias = new int[2 * unit.values()];
      definition = new int[2 * unit.values()];
    }
    for (int value = 0; value < unit.values(); value++) {
      alias[value] = value;
      definition[value] = NONE;
    }
  }

  // ---- the new columns -------------------------------------------------------------------------

  private void copy(int i) {
    op[i] = (byte) unit.op(i).ordinal();
    type[i] = (byte) unit.type(i).ordinal();
    immediate[i] = unit.immediate(i);
    argumentStart[i] = argumentCount;
    int count = unit.argumentCount(i);
    for (int p = 0; p < count; p++) {
      add(alias[unit.argument(i, p)]);
    }
  }

  private void add(int value) {
    if (argumentCount == arguments.length) {
      arguments = Arrays.copyOf(arguments, 2 * argumentCount);
    }
    arguments[argumentCount++] = value;
  }

  private Op op(int i) {
    return IrUnit.op(op[i]);
  }

  private int argument(int i, int position) {
    return arguments[argumentStart[i] + position];
  }

  private void replace(int i, Op with, long newImmediate, int... operands) {
    op[i] = (byte) with.ordinal();
    immediate[i] = newImmediate;
    argumentCount = argumentStart[i];
    for (int operand : operands) {
      add(operand);
    }
  }

  /** The operation stays, but everybody uses another value instead of its result. */
  private void become(int i, int value) {
    alias[unit.result(i)] = value;
  }

  private void becomeConstant(int i, long value) {
    replace(i, Op.CONST, unit.type(i) == Type.I32 ? (int) value : value);
  }

  // ---- what is known ---------------------------------------------------------------------------

  /** The operation that defines a value, or null if a block's parameter. */
  private boolean is(int value, Op wanted) {
    int at = definition[value];
    return at != NONE && op(at) == wanted;
  }

  private boolean constant(int value) {
    return is(value, Op.CONST);
  }

  private boolean constant(int value, long wanted) {
    return constant(value) && immediate[definition[value]] == wanted;
  }

  private long constantOf(int value) {
    return immediate[definition[value]];
  }

  private void remember(long view, int value) {
    if (known == knownView.length) {
      knownView = Arrays.copyOf(knownView, 2 * known);
      knownValue = Arrays.copyOf(knownValue, 2 * known);
    }
    knownView[known] = view;
    knownValue[known++] = value;
  }

  private void forget(long view) {
    for (int k = known - 1; k >= 0; k--) {
      if (StateView.overlap(knownView[k], view)) {
        known--;
        knownView[k] = knownView[known];
        knownValue[k] = knownValue[known];
      }
    }
  }

  // ---- rewriting -------------------------------------------------------------------------------

  private void rewrite(int i) {
    switch (unit.op(i)) {
      case GET -> get(i);
      case SET -> set(i);
      case VECTOR -> {
        VectorDesc desc = unit.vector(i);
        forget(desc.written());
        if (desc.saturation() != VectorDesc.NONE) {
          forget(desc.flag());
        }
      }
      case CALL -> known = 0;
      case FPFLAGS_SET, FPROUND_SET -> {}
      case BRCOND -> fuse(i);
      default -> {
        if (unit.op(i).is(Op.Trait.PURE)) {
          pure(i);
        }
      }
    }
  }

  private void get(int i) {
    long view = unit.immediate(i);
    int result = unit.result(i);
    int bits = 8 * StateView.size(view);
    if (bits != unit.type(i).bits()) {
      return;
    }
    for (int k = known - 1; k >= 0; k--) {
      if (StateView.offset(knownView[k]) == StateView.offset(view)) {
        int value = knownValue[k];
        if (StateView.size(knownView[k]) * 8 == bits) {
          become(i, value);
          return;
        }
        if (bits == 32 && StateView.size(knownView[k]) == 8) {
          narrow(i, value);
          return;
        }
      }
    }
    remember(StateView.of(StateView.offset(view), StateView.size(view)), result);
  }

  /** The result is the low half of a value. */
  private void narrow(int i, int value) {
    if (is(value, Op.WIDEN_S) || is(value, Op.WIDEN_U)) {
      become(i, argument(definition[value], 0));
    } else if (constant(value)) {
      becomeConstant(i, constantOf(value));
    } else if (boxed(value) != NONE) {
      become(i, boxed(value));
    } else {
      replace(i, Op.NARROW, 0, value);
    }
  }

  /** The 32-bit value in the low half of a value whose upper half is constant; or none. */
  private int boxed(int value) {
    if (!is(value, Op.OR)) {
      return NONE;
    }
    int low = argument(definition[value], 0);
    int high = argument(definition[value], 1);
    boolean box = is(low, Op.WIDEN_U) && constant(high) && (int) constantOf(high) == 0;
    return box ? argument(definition[low], 0) : NONE;
  }

  private void set(int i) {
    long view = unit.immediate(i);
    int value = argument(i, 0);
    forget(view);
    if (8 * StateView.size(view) == unit.valueType(value).bits()) {
      remember(StateView.of(StateView.offset(view), StateView.size(view)), value);
    }
  }

  /** A branch on whether a comparison held compares itself. */
  private void fuse(int i) {
    Cond cond = Cond.of((int) immediate[i]);
    int compared = argument(i, 0);
    boolean taken = cond == Cond.NE;
    if ((taken || cond == Cond.EQ) && is(compared, Op.SETCOND) && constant(argument(i, 1), 0)) {
      int at = definition[compared];
      Cond inner = Cond.of((int) immediate[at]);
      immediate[i] = (taken ? inner : inner.inverse()).ordinal();
      arguments[argumentStart[i]] = argument(at, 0);
      arguments[argumentStart[i] + 1] = argument(at, 1);
      type[i] = (byte) unit.valueType(argument(at, 0)).ordinal();
    }
  }

  private void pure(int i) {
    Op operation = unit.op(i);
    if (operation.resultCount() != 1 || unit.type(i) == Type.FLAGS) {
      return;
    }
    int count = unit.argumentCount(i);
    if (count == 0 || unit.valueType(unit.result(i)) == Type.FLAGS || readsFlags(i)) {
      return;
    }
    if (allConstant(i, count)) {
      if (operation != Op.FCLASS) {
        long a = constantOf(argument(i, 0));
        long b = count > 1 ? constantOf(argument(i, 1)) : 0;
        long c = count > 2 ? constantOf(argument(i, 2)) : 0;
        long d = count > 3 ? constantOf(argument(i, 3)) : 0;
        becomeConstant(i, folding.fold(operation, unit.type(i), immediate[i], a, b, c, d));
      }
      return;
    }
    simplify(i, operation);
  }

  private boolean readsFlags(int i) {
    return unit.valueType(unit.argument(i, 0)) == Type.FLAGS;
  }

  private boolean allConstant(int i, int count) {
    for (int p = 0; p < count; p++) {
      if (!constant(argument(i, p))) {
        return false;
      }
    }
    return true;
  }

  private void simplify(int i, Op operation) {
    switch (operation) {
      case ADD, MUL, AND, OR, XOR -> {
        constantSecond(i);
        if (neutral(operation, argument(i, 1))) {
          become(i, argument(i, 0));
        } else if (absorbs(operation, argument(i, 1))) {
          becomeConstant(i, 0);
        } else if (operation == Op.OR) {
          rotate(i);
        }
      }
      case SUB, SHL, SAR, ROTL, ROTR -> {
        if (constant(argument(i, 1), 0)) {
          become(i, argument(i, 0));
        }
      }
      case SHR -> shiftRight(i);
      case NARROW -> narrow(i, argument(i, 0));
      case SELECT -> select(i);
      default -> {}
    }
  }

  private void constantSecond(int i) {
    int first = argument(i, 0);
    if (constant(first)) {
      arguments[argumentStart[i]] = argument(i, 1);
      arguments[argumentStart[i] + 1] = first;
    }
  }

  private boolean neutral(Op operation, int second) {
    return switch (operation) {
      case MUL -> constant(second, 1);
      case AND -> constant(second, -1);
      default -> constant(second, 0);
    };
  }

  private boolean absorbs(Op operation, int second) {
    return (operation == Op.MUL || operation == Op.AND) && constant(second, 0);
  }

  /**
   * What shifts left and right and takes both together rotates: how programs do it that were built
   * for a CPU without rotations. The shifts stay only if somebody else asks for their results.
   */
  private void rotate(int i) {
    int left = argument(i, 0);
    int right = argument(i, 1);
    boolean widened = is(left, Op.WIDEN_S) && is(right, Op.WIDEN_S);
    if (widened) {
      left = argument(definition[left], 0);
      right = argument(definition[right], 0);
    }
    if (is(left, Op.SHR)) {
      int other = left;
      left = right;
      right = other;
    }
    if (!is(left, Op.SHL) || !is(right, Op.SHR)) {
      return;
    }
    int value = argument(definition[left], 0);
    int count = argument(definition[left], 1);
    int rest = argument(definition[right], 1);
    if (!constant(count)
        || !constant(rest)
        || !same(value, argument(definition[right], 0))
        || constantOf(count) <= 0
        || constantOf(rest) <= 0
        || constantOf(count) + constantOf(rest) != unit.valueType(value).bits()) {
      return;
    }
    if (widened) {
      replace(i, Op.ROTL_S, constantOf(count), value);
    } else {
      replace(i, Op.ROTL, 0, value, count);
    }
  }

  /** Whether two values are the same, or the low halves of the same. */
  private boolean same(int a, int b) {
    return a == b
        || (is(a, Op.NARROW)
            && is(b, Op.NARROW)
            && argument(definition[a], 0) == argument(definition[b], 0));
  }

  private void shiftRight(int i) {
    int value = argument(i, 0);
    if (constant(argument(i, 1), 0)) {
      become(i, value);
    } else if (constant(argument(i, 1), 32) && boxed(value) != NONE) {
      becomeConstant(i, constantOf(argument(definition[value], 1)) >>> 32);
    }
  }

  private void select(int i) {
    int a = argument(i, 0);
    int b = argument(i, 1);
    if (constant(a) && constant(b)) {
      boolean holds = Cond.of((int) immediate[i]).test(constantOf(a), constantOf(b));
      become(i, argument(i, holds ? 2 : 3));
    } else if (argument(i, 2) == argument(i, 3)) {
      become(i, argument(i, 2));
    }
  }
}
