package dev.kasuari.tcg.x86_64;

import dev.kasuari.tcg.CodeImage;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;
import java.util.Arrays;

/**
 * Where the code of a unit leaves: for each site the offset that it would return to, the operation
 * that Java is to do there, the guest instruction it belongs to, and which entries of the {@link
 * Recovery} say what the guest state lacks. Filled while code is emitted, in ascending order.
 */
final class Sites {
  private static final Op[] OPS = Op.values();
  private static final Type[] TYPES = Type.values();

  /** Operands whose types are known. */
  private static final int OPERANDS = 5;

  /** Columns of a row. */
  private static final int END = 0;

  private static final int OPERATION = 1;
  private static final int SHAPE = 2;
  private static final int AUXILIARY = 3;
  private static final int IMMEDIATE = 4;
  private static final int INSTRUCTION = 6;
  private static final int DELTA = 7;
  private static final int RECOVERY_START = 8;
  private static final int RECOVERY_END = 9;
  private static final int COLUMNS = 10;

  /** A shape: the operation, its type, operands' number and types, results' number and types. */
  private static final int TYPE_SHIFT = 8;

  private static final int COUNT_SHIFT = 10;
  private static final int OPERANDS_SHIFT = 13;
  private static final int RESULT_COUNT_SHIFT = 23;
  private static final int RESULTS_SHIFT = 25;

  private final Recovery recovery;
  private int[] rows;
  private int size;

  Sites() {
    this(new Recovery(), new int[16 * COLUMNS], 0);
  }

  private Sites(Recovery recovery, int[] rows, int size) {
    this.recovery = recovery;
    this.rows = rows;
    this.size = size;
  }

  /** Forgets all. */
  void reset() {
    size = 0;
    recovery.reset();
  }

  /** The same sites, for good, in no more room than they need. */
  Sites copy() {
    return new Sites(recovery.copy(), Arrays.copyOf(rows, size), size);
  }

  /** Adds them to an image. */
  void save(CodeImage to) {
    recovery.save(to);
    to.add(rows, size);
  }

  static Sites of(CodeImage from) {
    Recovery recovery = Recovery.of(from);
    int[] rows = from.nextInts();
    return new Sites(recovery, rows, rows.length);
  }

  /** Where to say what the state lacks. */
  Recovery recovery() {
    return recovery;
  }

  // ---- filling ---------------------------------------------------------------------------------

  /**
   * Adds a site.
   *
   * @param end the offset it would return to
   * @param i the operation of the unit it leaves for
   * @param instruction the guest instruction that it belongs to, 0 before the first
   * @param recoveryStart the first entry of its list in the recovery
   * @param recoveryEnd one past the last
   */
  void add(int end, IrUnit unit, int i, int instruction, int recoveryStart, int recoveryEnd) {
    if (size == rows.length) {
      rows = Arrays.copyOf(rows, 2 * size);
    }
    long immediate = unit.immediate(i);
    rows[size + END] = end;
    rows[size + OPERATION] = i;
    rows[size + SHAPE] = shape(unit, i);
    rows[size + AUXILIARY] = unit.auxiliary(i);
    rows[size + IMMEDIATE] = (int) immediate;
    rows[size + IMMEDIATE + 1] = (int) (immediate >> 32);
    rows[size + INSTRUCTION] = instruction;
    rows[size + DELTA] = unit.instructions().isEmpty() ? 0 : delta(unit, instruction);
    rows[size + RECOVERY_START] = recoveryStart;
    rows[size + RECOVERY_END] = recoveryEnd;
    size += COLUMNS;
  }

  private static int delta(IrUnit unit, int instruction) {
    return unit.instructions().get(instruction).delta();
  }

  private static int shape(IrUnit unit, int i) {
    int operands = Math.min(unit.argumentCount(i), OPERANDS);
    int results = unit.op(i).resultCount();
    int shape =
        unit.op(i).ordinal()
            | unit.type(i).ordinal() << TYPE_SHIFT
            | operands << COUNT_SHIFT
            | results << RESULT_COUNT_SHIFT;
    for (int p = 0; p < operands; p++) {
      shape |= unit.valueType(unit.argument(i, p)).ordinal() << (OPERANDS_SHIFT + 2 * p);
    }
    for (int r = 0; r < results; r++) {
      shape |= unit.valueType(unit.result(i) + r).ordinal() << (RESULTS_SHIFT + 2 * r);
    }
    return shape;
  }

  // ---- looking up ------------------------------------------------------------------------------

  int count() {
    return size / COLUMNS;
  }

  private int column(int site, int column) {
    return rows[site * COLUMNS + column];
  }

  int end(int site) {
    return column(site, END);
  }

  /** Writes the number of the code behind each exit, which is how Java knows it again. */
  void number(byte[] code, int number) {
    for (int site = 0; site < count(); site++) {
      for (int b = 0; b < 4; b++) {
        code[end(site) + b] = (byte) (number >> (8 * b));
      }
    }
  }

  /** The site that would return to an offset, or a negative number. */
  int at(int offset) {
    int low = 0;
    int high = count() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int end = end(middle);
      if (end == offset) {
        return middle;
      }
      if (end < offset) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  /** Number in the unit of the operation for which code leaves. */
  int operation(int site) {
    return column(site, OPERATION);
  }

  /** The operation for which code leaves. */
  Op op(int site) {
    return OPS[column(site, SHAPE) & 0xff];
  }

  /** Its type. */
  Type type(int site) {
    return TYPES[column(site, SHAPE) >> TYPE_SHIFT & 3];
  }

  int operands(int site) {
    return column(site, SHAPE) >> COUNT_SHIFT & 7;
  }

  Type operandType(int site, int position) {
    return TYPES[column(site, SHAPE) >> (OPERANDS_SHIFT + 2 * position) & 3];
  }

  int results(int site) {
    return column(site, SHAPE) >> RESULT_COUNT_SHIFT & 3;
  }

  int auxiliary(int site) {
    return column(site, AUXILIARY);
  }

  long immediate(int site) {
    return Integer.toUnsignedLong(column(site, IMMEDIATE))
        | (long) column(site, IMMEDIATE + 1) << 32;
  }

  /** Number of the guest instruction in the unit. */
  int instruction(int site) {
    return column(site, INSTRUCTION);
  }

  /** Bytes from the unit's entry to the guest instruction. */
  int delta(int site) {
    return column(site, DELTA);
  }

  /** Completes the guest state as of a site, from the registers in the exit record. */
  void recover(int site, long state) {
    int start = column(site, RECOVERY_START);
    int end = column(site, RECOVERY_END);
    if (start != end) {
      recovery.apply(start, end, state);
    }
  }
}
