package dev.kasuari.tcg.ir;

import java.util.Arrays;

/**
 * The rows of a unit as arrays that grow: operations, their operands, values and blocks. What is
 * behind the last of its kind means nothing.
 */
final class Columns {
  int size;
  byte[] op;
  byte[] type;
  long[] immediate;
  int[] auxiliary;
  int[] argumentStart;
  int[] result;
  int[] target;
  int[] otherTarget;

  /** Operands of all operations, one after the other. */
  int argumentCount;

  int[] arguments;

  int valueCount;
  byte[] valueType;

  int blockCount;

  /** The first operation, negative as long as there is none. */
  int[] blockStart;

  int[] blockFirstParameter;
  int[] blockParameters;

  /** Room for so many operations, with an operand and a value each, at first. */
  Columns(int operations, int blocks) {
    op = new byte[operations];
    type = new byte[operations];
    immediate = new long[operations];
    auxiliary = new int[operations];
    argumentStart = new int[operations];
    result = new int[operations];
    target = new int[operations];
    otherTarget = new int[operations];
    arguments = new int[operations];
    valueType = new byte[operations];
    blockStart = new int[blocks];
    blockFirstParameter = new int[blocks];
    blockParameters = new int[blocks];
  }

  /** A copy as long as it has to be, which shares nothing. */
  Columns(Columns from) {
    size = from.size;
    op = Arrays.copyOf(from.op, size);
    type = Arrays.copyOf(from.type, size);
    immediate = Arrays.copyOf(from.immediate, size);
    auxiliary = Arrays.copyOf(from.auxiliary, size);
    argumentStart = Arrays.copyOf(from.argumentStart, size);
    result = Arrays.copyOf(from.result, size);
    target = Arrays.copyOf(from.target, size);
    otherTarget = Arrays.copyOf(from.otherTarget, size);
    argumentCount = from.argumentCount;
    arguments = Arrays.copyOf(from.arguments, argumentCount);
    valueCount = from.valueCount;
    valueType = Arrays.copyOf(from.valueType, valueCount);
    blockCount = from.blockCount;
    blockStart = Arrays.copyOf(from.blockStart, blockCount);
    blockFirstParameter = Arrays.copyOf(from.blockFirstParameter, blockCount);
    blockParameters = Arrays.copyOf(from.blockParameters, blockCount);
  }

  /**
   * The same blocks, values, results and targets with other operations in the same places, in
   * arrays that may be longer than they have to be.
   */
  Columns(
      Columns from,
      byte[] op,
      byte[] type,
      long[] immediate,
      int[] argumentStart,
      int[] arguments,
      int argumentCount) {
    size = from.size;
    this.op = op;
    this.type = type;
    this.immediate = immediate;
    auxiliary = from.auxiliary;
    this.argumentStart = argumentStart;
    result = from.result;
    target = from.target;
    otherTarget = from.otherTarget;
    this.argumentCount = argumentCount;
    this.arguments = arguments;
    valueCount = from.valueCount;
    valueType = from.valueType;
    blockCount = from.blockCount;
    blockStart = from.blockStart;
    blockFirstParameter = from.blockFirstParameter;
    blockParameters = from.blockParameters;
  }

  void clear() {
    size = 0;
    argumentCount = 0;
    valueCount = 0;
    blockCount = 0;
  }

  /** Appends an operation, whose operands follow; its number. It has no result and no target. */
  int operation(Op operation, Type as, long constant, int extra) {
    if (size == op.length) {
      growOperations();
    }
    int i = size++;
    op[i] = (byte) operation.ordinal();
    type[i] = (byte) as.ordinal();
    immediate[i] = constant;
    auxiliary[i] = extra;
    argumentStart[i] = argumentCount;
    result[i] = IrUnit.NONE;
    target[i] = IrUnit.NONE;
    otherTarget[i] = IrUnit.NONE;
    return i;
  }

  /** Appends an operand of the last operation. */
  void argument(int value) {
    if (argumentCount == arguments.length) {
      arguments = Arrays.copyOf(arguments, longer(argumentCount));
    }
    arguments[argumentCount++] = value;
  }

  /** A new value; its number. */
  int value(Type as) {
    if (valueCount == valueType.length) {
      valueType = Arrays.copyOf(valueType, longer(valueCount));
    }
    valueType[valueCount] = (byte) as.ordinal();
    return valueCount++;
  }

  /** A new block that begins nowhere yet; its number. Its parameters are consecutive values. */
  int block(int firstParameter, int parameters) {
    if (blockCount == blockStart.length) {
      blockStart = Arrays.copyOf(blockStart, longer(blockCount));
      blockFirstParameter = Arrays.copyOf(blockFirstParameter, longer(blockCount));
      blockParameters = Arrays.copyOf(blockParameters, longer(blockCount));
    }
    blockStart[blockCount] = -1;
    blockFirstParameter[blockCount] = firstParameter;
    blockParameters[blockCount] = parameters;
    return blockCount++;
  }

  private void growOperations() {
    int capacity = longer(size);
    op = Arrays.copyOf(op, capacity);
    type = Arrays.copyOf(type, capacity);
    immediate = Arrays.copyOf(immediate, capacity);
    auxiliary = Arrays.copyOf(auxiliary, capacity);
    argumentStart = Arrays.copyOf(argumentStart, capacity);
    result = Arrays.copyOf(result, capacity);
    target = Arrays.copyOf(target, capacity);
    otherTarget = Arrays.copyOf(otherTarget, capacity);
  }

  private static int longer(int length) {
    return 2 * length + 8;
  }
}
