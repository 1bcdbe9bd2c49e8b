package dev.kasuari.tcg.x86_64;

import dev.kasuari.host.ExecutableMemory;
import dev.kasuari.host.NativeFunction;
import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.StateLayout;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.FpOperations;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;
import java.lang.foreign.Arena;

/**
 * Runs the code of one operation on many operands, and nothing of the back end around it: MXCSR is
 * loaded and stored for each. Compares with softfloat.
 */
final class FloatHarness implements AutoCloseable {
  /** Operands of one call. */
  static final int BATCH = 256;

  // Where in a record things are.
  private static final int RECORD = 128;
  private static final int RESULT = 24;
  private static final int MXCSR_IN = 32;
  private static final int ROUNDING_IN = 36;
  private static final int FLAGS_IN = 40;
  private static final int MXCSR_OUT = 44;
  private static final int FLAGS_OUT = 48;
  private static final int ROUNDING_OUT = 52;
  private static final int SLOW = 56;
  private static final int OPERANDS_OUT = 64;

  private static final Gpr[] SAVED = {Gpr.RBP, Gpr.RBX, Gpr.R12, Gpr.R13};
  private static final int TABLE = 65536 - 64;
  private static final int MASKED = 0x1f80;

  /** Registers of operands and result. */
  private static final Gpr[][] REGISTERS = {
    {Gpr.RSI, Gpr.RDI, Gpr.R8, Gpr.R9},
    {Gpr.R10, Gpr.R11, Gpr.RBX, Gpr.RSI},
    {Gpr.RSI, Gpr.RDI, Gpr.R8, Gpr.RSI},
    {Gpr.R9, Gpr.RDI, Gpr.R11, Gpr.RDI},
    {Gpr.RSI, Gpr.R11, Gpr.R8, Gpr.R8},
    {Gpr.RSI, Gpr.RSI, Gpr.RSI, Gpr.RSI},
  };

  private final FloatEnv env;
  private final GuestState state = new GuestState(new StateLayout());
  private final FpOperations software;
  private final ExecutableMemory memory = ExecutableMemory.allocate(65536);
  private final Arena arena = Arena.ofConfined();
  private final long records = arena.allocate((long) BATCH * RECORD, 64).address();
  private final Assembler a = new Assembler();
  private final FloatCode code;
  private final Gpr[] registers;
  private FloatRow row;
  private NativeFunction function;

  /** Operations that the code left to software. */
  long slow;

  /** All. */
  long count;

  /**
   * For one environment.
   *
   * @param variant chooses registers
   */
  FloatHarness(FloatEnv env, CpuFeatures features, int variant) {
    this.env = env;
    software = new FpOperations(state, env);
    registers = REGISTERS[Math.floorMod(variant, REGISTERS.length)];
    code = new FloatCode(a, env, features, memory.address() + TABLE);
    byte[] table = new byte[64];
    for (int mxcsr = 0; mxcsr < table.length; mxcsr++) {
      table[mxcsr] = (byte) Stubs.flags(mxcsr, env);
    }
    memory.publish(TABLE, table, table.length);
    row = FloatRow.all().getFirst();
    function = NativeFunction.at(memory.address());
  }

  /** Whether all operands are in one register, so that only the first counts. */
  boolean oneOperand() {
    return registers[0] == registers[1];
  }

  /** Prepares an operation; false if there is no code for it. */
  boolean prepare(FloatRow of) {
    row = of;
    slow = 0;
    count = 0;
    IrUnit unit = of.unit();
    int i = FloatRow.find(unit, of.op());
    if (!code.emits(unit, i)) {
      return false;
    }
    function = emit(unit, i);
    return true;
  }

  /** Code for an operation that is not of a row. */
  NativeFunction emit(IrUnit unit, int i) {
    a.reset();
    for (Gpr register : SAVED) {
      a.push(register);
    }
    a.alu(Alu.SUB, Width.BITS_64, Gpr.RSP, 16);
    a.stmxcsr(Mem.at(Gpr.RSP, 0));
    a.mov(Width.BITS_64, Gpr.R12, Gpr.RDI);
    a.mov(Width.BITS_64, Gpr.R13, Gpr.RSI);
    a.mov(Gpr.RBP, state.address() + EngineState.ANCHOR);
    var slowPath = new Label();
    var done = new Label();
    var next = new Label();
    a.bind(next);
    enter();
    code.emit(unit, i, registers, registers[3], slowPath);
    a.store(8, record(RESULT), registers[3]);
    a.bind(done);
    leave(next);
    a.bind(slowPath);
    a.store(4, record(SLOW), 1);
    for (int operand = 0; operand < 3; operand++) {
      a.store(8, record(OPERANDS_OUT + 8 * operand), registers[operand]);
    }
    a.jmp(done);
    code.emitCold();
    a.relocate(memory.address());
    return NativeFunction.at(memory.publish(0, a.code(), a.length()));
  }

  private static Mem record(int field) {
    return Mem.at(Gpr.R12, field);
  }

  private void copy(Mem to, Mem from) {
    a.load(4, Gpr.RAX, from);
    a.store(4, to, Gpr.RAX);
  }

  private void enter() {
    copy(FloatOperation.state(StateLayout.FP_ROUNDING.offset()), record(ROUNDING_IN));
    copy(FloatOperation.state(StateLayout.FP_FLAGS.offset()), record(FLAGS_IN));
    a.ldmxcsr(record(MXCSR_IN));
    for (int operand = 0; operand < 3; operand++) {
      a.load(8, registers[operand], record(8 * (oneOperand() ? 0 : operand)));
    }
    a.store(4, record(SLOW), 0);
  }

  private void leave(Label next) {
    a.stmxcsr(record(MXCSR_OUT));
    copy(record(ROUNDING_OUT), FloatOperation.state(StateLayout.FP_ROUNDING.offset()));
    copy(record(FLAGS_OUT), FloatOperation.state(StateLayout.FP_FLAGS.offset()));
    a.alu(Alu.ADD, Width.BITS_64, Gpr.R12, RECORD);
    a.alu(Alu.SUB, Width.BITS_64, Gpr.R13, 1);
    a.j(Cc.NE, next);
    a.ldmxcsr(Mem.at(Gpr.RSP, 0));
    a.alu(Alu.ADD, Width.BITS_64, Gpr.RSP, 16);
    for (int r = SAVED.length - 1; r >= 0; r--) {
      a.pop(SAVED[r]);
    }
    a.ret();
  }

  private long at(int index) {
    return records + (long) index * RECORD;
  }

  /**
   * Sets one record.
   *
   * @param mxcsrFlags flags that MXCSR has before
   * @param mode the dynamic rounding mode, softfloat's number
   */
  void put(int index, long a0, long a1, long a2, int mxcsrFlags, int stateFlags, int mode) {
    long at = at(index);
    RawMemory.putLong(at, a0);
    RawMemory.putLong(at + 8, a1);
    RawMemory.putLong(at + 16, a2);
    int host = mode <= 3 ? FloatOperation.hostRounding(mode) : 0;
    RawMemory.putInt(at + MXCSR_IN, MASKED | host << 13 | mxcsrFlags);
    RawMemory.putInt(at + ROUNDING_IN, mode);
    RawMemory.putInt(at + FLAGS_IN, stateFlags);
  }

  /** Runs the first records. */
  void run(int records) {
    run(function, records);
  }

  void run(NativeFunction other, int number) {
    other.call(records, number);
  }

  long result(int index) {
    return RawMemory.getLong(at(index) + RESULT);
  }

  int mxcsr(int index) {
    return RawMemory.getInt(at(index) + MXCSR_OUT);
  }

  int stateFlags(int index) {
    return RawMemory.getInt(at(index) + FLAGS_OUT);
  }

  int stateRounding(int index) {
    return RawMemory.getInt(at(index) + ROUNDING_OUT);
  }

  /** All flags that the guest would see. */
  int flags(int index) {
    return stateFlags(index) | Stubs.flags(mxcsr(index) & Stubs.MXCSR_FLAGS, env);
  }

  boolean wasSlow(int index) {
    return RawMemory.getInt(at(index) + SLOW) != 0;
  }

  private long operand(int index, int operand) {
    long raw = RawMemory.getLong(at(index) + 8L * (oneOperand() ? 0 : operand));
    return row.argument() == Type.I32 ? (int) raw : raw;
  }

  /** Compares a record with softfloat; the description of a difference, or empty. */
  String difference(int index) {
    int mode = RawMemory.getInt(at(index) + ROUNDING_IN);
    int before =
        RawMemory.getInt(at(index) + FLAGS_IN)
            | Stubs.flags(RawMemory.getInt(at(index) + MXCSR_IN) & Stubs.MXCSR_FLAGS, env);
    state.set(StateLayout.FP_ROUNDING, mode);
    state.set(StateLayout.FP_FLAGS, before);
    long x = operand(index, 0);
    long y = operand(index, 1);
    long z = operand(index, 2);
    long expected =
        row.op() == Op.FCLASS
            ? software.classify(row.desc().bits(), x)
            : software.apply(row.op(), row.type(), row.desc().bits(), x, y, z);
    int flags = (int) state.get(StateLayout.FP_FLAGS);
    String what = "%s(%x, %x, %x) mode %d, flags %x".formatted(row, x, y, z, mode, before);
    return matches(index, expected, flags)
        ? ""
        : "%s is %x flags %x, got %x flags %x%s"
            .formatted(
                what,
                expected,
                flags,
                result(index),
                flags(index),
                wasSlow(index) ? " before it was left to software" : "");
  }

  /**
   * Whether a record is what it should be: what was left to software has all operands, and no flag
   * that software will not raise.
   */
  boolean matches(int index, long expected, int flags) {
    count++;
    if (wasSlow(index)) {
      slow++;
      return (flags(index) & ~flags) == 0 && hasOperands(index);
    }
    long got = result(index);
    boolean same = row.type() == Type.I32 ? (int) got == (int) expected : got == expected;
    return same && flags(index) == flags;
  }

  private boolean hasOperands(int index) {
    for (int operand = 0; operand < row.operands(); operand++) {
      long now = RawMemory.getLong(at(index) + OPERANDS_OUT + 8L * operand);
      if (now != RawMemory.getLong(at(index) + 8L * (oneOperand() ? 0 : operand))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() {
    arena.close();
    memory.close();
    state.close();
  }
}
