package dev.kasuari.tcg.ir;

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
  public static final IrUnit EMPTY = new IrUnit(new Columns(0, 0), List.of(), List.of(), List.of());

  private static final Op[] OPS = Op.values();
  private static final Type[] TYPES = Type.values();

  private final Columns columns;
  private final List<GuestInstruction> instructions;
  private final List<Helper> helpers;
  private final List<VectorDesc> vectors;

  IrUnit(
      Columns columns,
      List<GuestInstruction> instructions,
      List<Helper> helpers,
      List<VectorDesc> vectors) {
    this.columns = columns;
    this.instructions = instructions;
    this.helpers = helpers;
    this.vectors = vectors;
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
        new Columns(columns, op, type, immediate, argumentStart, newArguments, newArgumentTotal);
    return new IrUnit(changed, instructions, helpers, vectors);
  }

  /** Number of operations. */
  public int size() {
    return columns.size;
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
    int end = i + 1 < columns.size ? columns.argumentStart[i + 1] : columns.argumentCount;
    return end - columns.argumentStart[i];
  }

  /** Value number of an operand. */
  public int argument(int i, int position) {
    return columns.arguments[columns.argumentStart[i] + position];
  }

  /** Operands of all operations. */
  public int arguments() {
    return columns.argumentCount;
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
    return columns.valueCount;
  }

  public Type valueType(int value) {
    return TYPES[columns.valueType[value]];
  }

  /** Number of blocks; block 0 is the entry. */
  public int blocks() {
    return columns.blockCount;
  }

  /** First operation of a block; a block ends with its first terminator. */
  public int blockStart(int block) {
    return columns.blockStart[block];
  }

  /** Value number of a block's first parameter; the others follow. */
  public int firstParameter(int block) {
    return columns.blockFirstParameter[block];
  }

  public int parameterCount(int block) {
    return columns.blockParameters[block];
  }

  /** The guest instructions, in order. */
  public List<GuestInstruction> instructions() {
    return instructions;
  }

  public List<Helper> helpers() {
    return helpers;
  }

  public List<VectorDesc> vectors() {
    return vectors;
  }

  /** What a {@link Op#VECTOR} does. */
  public VectorDesc vector(int i) {
    return vectors.get(auxiliary(i));
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
    while (kept < blocks() && blockStart(kept) < cut) {
      kept++;
    }
    for (int i = 0; i < cut; i++) {
      if (target(i) >= kept || otherTarget(i) >= kept) {
        return null;
      }
    }
    for (int block = kept; block < blocks(); block++) {
      if (blockStart(block) < cut) {
        return null;
      }
    }
    var shorter = new Columns(columns);
    shorter.immediate[0] = count;
    shorter.size = cut;
    shorter.argumentCount = columns.argumentStart[cut];
    shorter.blockCount = kept;
    int pc = shorter.operation(Op.PC, Type.I64, instructions.get(count).delta(), 0);
    shorter.result[pc] = shorter.value(Type.I64);
    shorter.operation(Op.EXIT, Type.I64, 0, ExitReason.LOOKUP.ordinal());
    shorter.argument(shorter.result[pc]);
    return new IrUnit(shorter, instructions.subList(0, count), helpers, vectors);
  }

  @Override
  public String toString() {
    return Printer.print(this);
  }
}
