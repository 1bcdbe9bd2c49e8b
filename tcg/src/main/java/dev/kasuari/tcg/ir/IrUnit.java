package dev.kasuari.tcg.ir;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A finished translation unit in flat arrays: operation {@code i} has opcode, type, immediate,
 * auxiliary, a slice of operands, and the number of its first result (further results follow it).
 * Immutable by convention: the accessors are what back ends use.
 */
public final class IrUnit {
  /** Result column of an operation that has none, and target column of one that does not branch. */
  public static final int NONE = -1;

  /** A unit of nothing, for who has none yet. */
  public static final IrUnit EMPTY =
      new IrUnit(
          Columns.of(0),
          0,
          new int[0],
          0,
          new byte[0],
          new int[0],
          new int[0],
          new int[0],
          List.of(),
          List.of());

  private static final Op[] OPS = Op.values();
  private static final Type[] TYPES = Type.values();

  /** The columns; index is the operation. */
  static final class Columns {
    final byte[] op;
    final byte[] type;
    final long[] immediate;
    final int[] auxiliary;
    final int[] argumentStart;
    final int[] result;
    final int[] target;
    final int[] otherTarget;

    Columns(
        byte[] op,
        byte[] type,
        long[] immediate,
        int[] auxiliary,
        int[] argumentStart,
        int[] result,
        int[] target,
        int[] otherTarget) {
      this.op = op;
      this.type = type;
      this.immediate = immediate;
      this.auxiliary = auxiliary;
      this.argumentStart = argumentStart;
      this.result = result;
      this.target = target;
      this.otherTarget = otherTarget;
    }

    /** Columns for so many operations. */
    static Columns of(int size) {
      return new Columns(
          new byte[size],
          new byte[size],
          new long[size],
          new int[size],
          new int[size],
          new int[size],
          new int[size],
          new int[size]);
    }

    /** The operations before one, and behind them an exit to the instruction {@code delta}. */
    Columns cut(int end, int argumentEnd, int instructionCount, int delta, int value) {
      var shorter =
          new Columns(
              Arrays.copyOf(op, end + 2),
              Arrays.copyOf(type, end + 2),
              Arrays.copyOf(immediate, end + 2),
              Arrays.copyOf(auxiliary, end + 2),
              Arrays.copyOf(argumentStart, end + 2),
              Arrays.copyOf(result, end + 2),
              Arrays.copyOf(target, end + 2),
              Arrays.copyOf(otherTarget, end + 2));
      shorter.immediate[0] = instructionCount;
      shorter.put(end, Op.PC, delta, 0, argumentEnd, value);
      shorter.put(end + 1, Op.EXIT, 0, ExitReason.LOOKUP.ordinal(), argumentEnd, NONE);
      return shorter;
    }

    private void put(int i, Op what, int constant, int extra, int firstArgument, int into) {
      op[i] = (byte) what.ordinal();
      type[i] = (byte) Type.I64.ordinal();
      immediate[i] = constant;
      auxiliary[i] = extra;
      argumentStart[i] = firstArgument;
      result[i] = into;
      target[i] = NONE;
      otherTarget[i] = NONE;
    }
  }

  private final Columns columns;
  private final int size;
  private final int[] arguments;
  private final int argumentTotal;
  private final byte[] valueTypes;
  private final int[] blockStart;
  private final int[] blockFirstParameter;
  private final int[] blockParameters;
  private final List<GuestInstruction> instructions;
  private final List<Helper> helpers;

  /**
   * @param size number of operations; the columns may be longer
   * @param argumentTotal number of operands; the array may be longer
   */
  IrUnit(
      Columns columns,
      int size,
      int[] arguments,
      int argumentTotal,
      byte[] valueTypes,
      int[] blockStart,
      int[] blockFirstParameter,
      int[] blockParameters,
      List<GuestInstruction> instructions,
      List<Helper> helpers) {
    this.columns = columns;
    this.size = size;
    this.arguments = arguments;
    this.argumentTotal = argumentTotal;
    this.valueTypes = valueTypes;
    this.blockStart = blockStart;
    this.blockFirstParameter = blockFirstParameter;
    this.blockParameters = blockParameters;
    this.instructions = instructions;
    this.helpers = helpers;
  }

  /** The operation with that ordinal. */
  static Op op(byte ordinal) {
    return OPS[ordinal];
  }

  /**
   * The same blocks and values with other operations in the same places. The arrays may be longer
   * than they have to be.
   */
  IrUnit with(
      byte[] op,
      byte[] type,
      long[] immediate,
      int[] argumentStart,
      int[] newArguments,
      int newArgumentTotal) {
    var changed =
        new Columns(
            op,
            type,
            immediate,
            columns.auxiliary,
            argumentStart,
            columns.result,
            columns.target,
            columns.otherTarget);
    return new IrUnit(
        changed,
        size,
        newArguments,
        newArgumentTotal,
        valueTypes,
        blockStart,
        blockFirstParameter,
        blockParameters,
        instructions,
        helpers);
  }

  /** Number of operations. */
  public int size() {
    return size;
  }

  public Op op(int i) {
    return OPS[columns.op[i]];
  }

  public Type type(int i) {
    return TYPES[columns.type[i]];
  }

  public long immediate(int i) {
    return columns.immediate[i];
  }

  public int auxiliary(int i) {
    return columns.auxiliary[i];
  }

  /** Number of operands, values for block parameters included. */
  public int argumentCount(int i) {
    int end = i + 1 < size ? columns.argumentStart[i + 1] : argumentTotal;
    return end - columns.argumentStart[i];
  }

  /** Value number of an operand. */
  public int argument(int i, int position) {
    return arguments[columns.argumentStart[i] + position];
  }

  /** Operands of all operations. */
  public int arguments() {
    return argumentTotal;
  }

  /** Number of an operand among those of all operations; an operation's are consecutive. */
  public int argumentIndex(int i, int position) {
    return columns.argumentStart[i] + position;
  }

  /** Value number of the first result, or {@link #NONE}. */
  public int result(int i) {
    return columns.result[i];
  }

  /** Block branched to, if taken; or {@link #NONE}. */
  public int target(int i) {
    return columns.target[i];
  }

  /** Block branched to if a condition does not hold; or {@link #NONE}. */
  public int otherTarget(int i) {
    return columns.otherTarget[i];
  }

  /** Number of values. */
  public int values() {
    return valueTypes.length;
  }

  public Type valueType(int value) {
    return TYPES[valueTypes[value]];
  }

  /** Number of blocks; block 0 is the entry. */
  public int blocks() {
    return blockStart.length;
  }

  /** First operation of a block; a block ends with its first terminator. */
  public int blockStart(int block) {
    return blockStart[block];
  }

  /** Value number of a block's first parameter; the others follow. */
  public int firstParameter(int block) {
    return blockFirstParameter[block];
  }

  public int parameterCount(int block) {
    return blockParameters[block];
  }

  /** The guest instructions, in order. */
  public List<GuestInstruction> instructions() {
    return instructions;
  }

  public List<Helper> helpers() {
    return helpers;
  }

  /**
   * The first guest instructions of this unit as a unit of their own, which then looks up what
   * follows them.
   *
   * @param count at least 1, less than there are
   * @return null if they branch past their end, so that there is no such unit
   */
  public @Nullable IrUnit prefix(int count) {
    int cut = 0;
    while (op(cut) != Op.INSN_START || auxiliary(cut) != count) {
      cut++;
    }
    int kept = 0;
    while (kept < blocks() && blockStart[kept] < cut) {
      kept++;
    }
    for (int i = 0; i < cut; i++) {
      if (target(i) >= kept || otherTarget(i) >= kept) {
        return null;
      }
    }
    for (int block = kept; block < blocks(); block++) {
      if (blockStart[block] < cut) {
        return null;
      }
    }
    return new IrUnit(
        columns.cut(cut, argumentStart(cut), count, instructions.get(count).delta(), values()),
        cut + 2,
        withLast(Arrays.copyOf(arguments, argumentStart(cut) + 1), values()),
        argumentStart(cut) + 1,
        withLast(Arrays.copyOf(valueTypes, values() + 1), (byte) Type.I64.ordinal()),
        Arrays.copyOf(blockStart, kept),
        Arrays.copyOf(blockFirstParameter, kept),
        Arrays.copyOf(blockParameters, kept),
        instructions.subList(0, count),
        helpers);
  }

  private int argumentStart(int i) {
    return columns.argumentStart[i];
  }

  private static int[] withLast(int[] array, int last) {
    array[array.length - 1] = last;
    return array;
  }

  private static byte[] withLast(byte[] array, byte last) {
    array[array.length - 1] = last;
    return array;
  }

  @Override
  public String toString() {
    return Printer.print(this);
  }
}
