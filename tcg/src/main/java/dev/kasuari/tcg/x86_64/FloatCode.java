package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Gpr.RAX;
import static dev.kasuari.tcg.x86_64.Gpr.RCX;
import static dev.kasuari.tcg.x86_64.Gpr.RDX;
import static dev.kasuari.tcg.x86_64.Width.BITS_32;
import static dev.kasuari.tcg.x86_64.Width.BITS_64;
import static dev.kasuari.tcg.x86_64.Xmm.XMM0;
import static dev.kasuari.tcg.x86_64.Xmm.XMM1;
import static dev.kasuari.tcg.x86_64.Xmm.XMM2;

import dev.kasuari.machine.cpu.StateLayout;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.ir.Flags;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.FpDesc.Format;
import dev.kasuari.tcg.ir.FpDesc.MinMax;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Floating-point operations in the host's SSE, bit for bit and flag for flag what softfloat
 * computes, as {@link FloatContract} says.
 *
 * <p>The code runs with the guest state in RBP and the guest's rounding mode in MXCSR, whose flags
 * accrue there. Operands and results are in general registers; RAX, RCX, RDX, XMM0 to XMM5 and the
 * sixteen bytes below RSP are scratch, and operands must be in other registers. The result's
 * register may be an operand's: it is written last.
 */
final class FloatCode {
  private static final Mem SCRATCH = Mem.at(Gpr.RSP, -8);
  private static final int MXCSR_ROUNDING = 3 << 13;

  private final Assembler a;
  private final FloatContract contract;
  private final long flagTable;
  private final FloatConversions conversions;
  private final List<Runnable> cold = new ArrayList<>();

  /**
   * Emits into an assembler.
   *
   * @param flagTable address of 64 bytes: softfloat's flags for MXCSR's
   */
  FloatCode(Assembler a, FloatEnv env, CpuFeatures features, long flagTable) {
    this.a = a;
    this.flagTable = flagTable;
    contract = new FloatContract(env, features);
    conversions = new FloatConversions(a, cold);
  }

  private int checks(IrUnit unit, int i) {
    Type type = unit.type(i);
    Type argument = unit.argumentCount(i) == 0 ? type : unit.valueType(unit.argument(i, 0));
    return contract.checks(unit.op(i), type, argument, unit.immediate(i));
  }

  /** Whether {@link #emit} can emit the operation, which is one of floating point. */
  boolean emits(IrUnit unit, int i) {
    return checks(unit, i) != FloatContract.SOFT;
  }

  /** Whether its code may jump to {@code slow}. */
  boolean mayBeSlow(IrUnit unit, int i) {
    return checks(unit, i) != 0;
  }

  /**
   * Emits an operation.
   *
   * @param operands where they are; bits above an I32 mean nothing
   * @param result where it goes; bits above an I32 mean nothing. Any register if there is none.
   * @param slow where software does it instead: the operands are as they were, and what flags have
   *     been raised is a part of what it will raise
   */
  void emit(IrUnit unit, int i, Gpr[] operands, Gpr result, Label slow) {
    var operation =
        new FloatOperation(
            a,
            contract,
            unit.op(i),
            unit.type(i),
            unit.immediate(i),
            Arrays.asList(operands),
            result,
            checks(unit, i),
            slow,
            cold);
    operation.checkRounding();
    switch (operation.op()) {
      case FADD -> binary(operation, Sse.ADD);
      case FSUB -> binary(operation, Sse.SUB);
      case FMUL -> binary(operation, Sse.MUL);
      case FDIV -> binary(operation, Sse.DIV);
      case FSQRT -> squareRoot(operation);
      case FMA -> fma(operation);
      case FMIN -> minMax(operation, Sse.MIN);
      case FMAX -> minMax(operation, Sse.MAX);
      case FCMP -> compare(operation);
      case FCLASS -> classify(operation);
      case FPFLAGS_GET -> getFlags(result);
      case FPFLAGS_SET -> setFlags(operands[0]);
      case FPROUND_SET -> setRounding(operands[0]);
      default -> conversions.emit(operation);
    }
  }

  /** Emits what the operations so far left for the end of the unit: rare cases, out of the way. */
  void emitCold() {
    for (Runnable part : cold) {
      part.run();
    }
    cold.clear();
  }

  // ---- arithmetic ------------------------------------------------------------------------------

  private void binary(FloatOperation o, Sse instruction) {
    o.load(XMM0, 0, o.format());
    o.load(XMM1, 1, o.format());
    a.scalar(instruction, FloatOperation.precision(o.format()), XMM0, XMM1);
    o.deliver(XMM0);
  }

  private void squareRoot(FloatOperation o) {
    o.load(XMM0, 0, o.format());
    a.scalar(Sse.SQRT, FloatOperation.precision(o.format()), XMM0, XMM0);
    o.deliver(XMM0);
  }

  /** The form whose first NaN is that of a, then of b, then of c. */
  private void fma(FloatOperation o) {
    o.load(XMM0, 0, o.format());
    o.load(XMM1, 1, o.format());
    o.load(XMM2, 2, o.format());
    boolean addend = FpDesc.negatesAddend(o.desc());
    Fma instruction =
        FpDesc.negatesProduct(o.desc())
            ? addend ? Fma.NMSUB : Fma.NMADD
            : addend ? Fma.MSUB : Fma.MADD;
    a.fma213(instruction, FloatOperation.precision(o.format()), XMM1, XMM0, XMM2);
    o.deliver(XMM1);
  }

  // ---- minimum and maximum ---------------------------------------------------------------------

  /**
   * The host gives the second operand for two zeros: so both orders together have a negative zero
   * if there is one, and a positive one if there is one.
   */
  private void minMax(FloatOperation o, Sse instruction) {
    Precision precision = FloatOperation.precision(o.format());
    o.load(XMM0, 0, o.format());
    o.load(XMM1, 1, o.format());
    if (FpDesc.minMax(o.desc()) == MinMax.SECOND) {
      a.scalar(instruction, precision, XMM0, XMM1);
      o.deliverPlain(XMM0);
      return;
    }
    var done = new Label();
    a.ucomis(precision, XMM0, XMM1);
    a.j(Cc.P, o.checks(FloatContract.Check.NAN) ? o.slow() : extremeOfNan(o, done));
    a.movaps(XMM2, XMM1);
    a.scalar(instruction, precision, XMM2, XMM0);
    a.scalar(instruction, precision, XMM0, XMM1);
    a.logic(instruction == Sse.MIN ? SseLogic.OR : SseLogic.AND, XMM0, XMM2);
    o.deliverPlain(XMM0);
    a.bind(done);
  }

  /** Where a NaN among the operands is dealt with, the result being the default NaN or a number. */
  private Label extremeOfNan(FloatOperation o, Label done) {
    var nan = new Label();
    cold.add(() -> {
      a.bind(nan);
      if (FpDesc.minMax(o.desc()) == MinMax.NUMBER_2019) {
        numberElseNext(o, XMM0, 0, done);
        numberElseNext(o, XMM1, 1, done);
      }
      o.defaultNan();
      a.jmp(done);
    });
    return nan;
  }

  private void numberElseNext(FloatOperation o, Xmm value, int operand, Label done) {
    var next = new Label();
    a.ucomis(FloatOperation.precision(o.format()), value, value);
    a.jShort(Cc.P, next);
    copy(o.format(), o.result(), o.operands().get(operand));
    a.jmp(done);
    a.bind(next);
  }

  private void copy(Format format, Gpr to, Gpr from) {
    switch (format) {
      case F16 -> a.zeroExtend(2, to, from);
      case F64 -> a.mov(BITS_64, to, from);
      default -> a.mov(BITS_32, to, from);
    }
  }

  // ---- comparison and class --------------------------------------------------------------------

  /** "Above" is false for unordered numbers, as "below" is not: so the operands are exchanged. */
  private void compare(FloatOperation o) {
    Precision precision = FloatOperation.precision(o.from());
    boolean flags = FpDesc.relation(o.desc()) == FpDesc.Relation.FLAGS;
    o.load(XMM0, flags ? 1 : 0, o.from());
    o.load(XMM1, flags ? 0 : 1, o.from());
    if (FpDesc.isSignaling(o.desc())) {
      a.comis(precision, XMM1, XMM0);
    } else {
      a.ucomis(precision, XMM1, XMM0);
    }
    switch (FpDesc.relation(o.desc())) {
      case LT -> a.set(Cc.A, RAX);
      case LE -> a.set(Cc.AE, RAX);
      case EQ -> {
        a.set(Cc.NP, RAX);
        a.set(Cc.E, RCX);
        a.alu(Alu.AND, BITS_32, RAX, RCX);
      }
      case FLAGS -> {
        flags(o);
        return;
      }
    }
    a.zeroExtend(1, o.result(), RAX);
  }

  /** Flags for greater, less, equal and unordered, 16 bits each. */
  private static final long FLAGS =
      (long) (Flags.N | Flags.C) << 16 | (long) Flags.Z << 32 | (long) Flags.V << 48;

  /** The host has carry for less, zero for equal, and both for unordered. */
  private void flags(FloatOperation o) {
    a.set(Cc.B, RAX);
    a.set(Cc.E, RCX);
    a.zeroExtend(1, RAX, RAX);
    a.zeroExtend(1, RCX, RCX);
    a.alu(Alu.ADD, BITS_32, RCX, RCX);
    a.alu(Alu.ADD, BITS_32, RCX, RAX);
    a.shift(Shift.SHL, BITS_32, RCX, 4);
    a.mov(RAX, FLAGS);
    a.shiftByCl(Shift.SHR, BITS_64, RAX);
    a.zeroExtend(2, o.result(), RAX);
  }

  /**
   * Counts how many of the magnitudes that begin a class are not above the operand's: subnormal,
   * normal, infinite, signaling, quiet. The classes of numbers of either sign lie around the middle
   * of the mask, and those of NaNs where a positive sign would have them.
   */
  private void classify(FloatOperation o) {
    Format format = o.from();
    Gpr operand = o.operands().get(0);
    Width width = format == Format.F64 ? BITS_64 : BITS_32;
    a.mov(BITS_64, RDX, operand);
    if (format == Format.F16 || format == Format.BF16) {
      a.shift(Shift.SHL, BITS_32, RDX, 16);
    }
    a.lea(width, RDX, new Mem(RDX, RDX, 0));
    a.zero(RCX);
    for (long begin : magnitudes(format)) {
      compareMagnitude(width, begin);
      a.alu(Alu.SBB, BITS_32, RCX, -1);
    }
    a.mov(RAX, 3);
    a.alu(Alu.SUB, BITS_32, RAX, RCX);
    a.lea(BITS_32, RCX, Mem.at(RCX, 4));
    a.cmov(Cc.L, BITS_32, RAX, RCX);
    a.bt(width, operand, signBit(format));
    a.cmov(Cc.B, BITS_32, RCX, RAX);
    a.mov(RAX, 1);
    a.shiftByCl(Shift.SHL, BITS_32, RAX);
    a.mov(BITS_32, o.result(), RAX);
  }

  private void compareMagnitude(Width width, long with) {
    if (width == BITS_64) {
      a.mov(RAX, with);
      a.alu(Alu.CMP, BITS_64, RDX, RAX);
    } else {
      a.alu(Alu.CMP, BITS_32, RDX, (int) with);
    }
  }

  private static int signBit(Format format) {
    return switch (format) {
      case F64 -> 63;
      case F32 -> 31;
      default -> 15;
    };
  }

  /** Where the classes begin, shifted as {@link #classify} has them. */
  private static long[] magnitudes(Format format) {
    return switch (format) {
      case F64 -> magnitudes(63 - 11, 0xffe0L << 48);
      case F32 -> magnitudes(31 - 8, 0xff00_0000L);
      case F16 -> magnitudes(31 - 5, 0xf800_0000L);
      default -> magnitudes(31 - 8, 0xff00_0000L);
    };
  }

  /**
   * All are shifted left by one.
   *
   * @param fraction bits of the fraction field
   */
  private static long[] magnitudes(int fraction, long infinity) {
    return new long[] {1, 1L << (fraction + 1), infinity, infinity + 1, infinity | 1L << fraction};
  }

  // ---- modes and flags -------------------------------------------------------------------------

  private void getFlags(Gpr result) {
    a.stmxcsr(SCRATCH);
    a.load(4, RAX, SCRATCH);
    a.alu(Alu.AND, BITS_32, RAX, Stubs.MXCSR_FLAGS);
    a.leaOutside(RCX, flagTable);
    a.load(1, RAX, new Mem(RCX, RAX, 0));
    a.alu(Alu.OR, BITS_32, RAX, FloatOperation.state(StateLayout.FP_FLAGS.offset()));
    a.mov(BITS_32, result, RAX);
  }

  private void setFlags(Gpr flags) {
    var clear = new Label();
    a.store(4, FloatOperation.state(StateLayout.FP_FLAGS.offset()), flags);
    a.stmxcsr(SCRATCH);
    a.test(4, SCRATCH, Stubs.MXCSR_FLAGS);
    a.jShort(Cc.E, clear);
    a.alu(Alu.AND, BITS_32, SCRATCH, ~Stubs.MXCSR_FLAGS);
    a.ldmxcsr(SCRATCH);
    a.bind(clear);
  }

  /** Modes that MXCSR lacks become nearest: they are checked for where they matter. */
  private void setRounding(Gpr mode) {
    a.store(4, FloatOperation.state(StateLayout.FP_ROUNDING.offset()), mode);
    a.mov(BITS_32, RCX, mode);
    a.shift(Shift.SHL, BITS_32, RCX, 2);
    a.mov(RAX, FloatOperation.HOST_ROUNDING);
    a.shiftByCl(Shift.SHR, BITS_32, RAX);
    a.shift(Shift.SHL, BITS_32, RAX, 13);
    a.alu(Alu.AND, BITS_32, RAX, MXCSR_ROUNDING);
    a.stmxcsr(SCRATCH);
    a.load(4, RDX, SCRATCH);
    a.alu(Alu.AND, BITS_32, RDX, ~MXCSR_ROUNDING);
    a.alu(Alu.OR, BITS_32, RDX, RAX);
    a.store(4, SCRATCH, RDX);
    a.ldmxcsr(SCRATCH);
  }
}
