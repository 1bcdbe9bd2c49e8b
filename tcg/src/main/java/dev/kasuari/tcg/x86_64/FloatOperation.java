package dev.kasuari.tcg.x86_64;

import dev.kasuari.machine.cpu.StateLayout;
import dev.kasuari.softfloat.Rounding;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.FpDesc.Format;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;
import java.util.List;

/**
 * One floating-point operation that is being emitted: its operands on the way in, its result with
 * the checks that the contract wants on the way out.
 *
 * @param type of the result
 * @param checks of the contract
 * @param slow where software does it; all operands are still there
 * @param cold what is to be emitted behind the unit
 */
record FloatOperation(
    Assembler a,
    FloatContract contract,
    Op op,
    Type type,
    long desc,
    List<Gpr> operands,
    Gpr result,
    int checks,
    Label slow,
    List<Runnable> cold) {
  /** Above the sign, so that magnitudes are compared after a shift by one. */
  private static final long INFINITY_64_DOUBLED = 0xffe0L << 48;

  private static final int INFINITY_32_DOUBLED = 0xff00_0000;
  private static final long SMALLEST_64_DOUBLED = 0x0020L << 48;
  private static final int SMALLEST_32_DOUBLED = 0x0100_0000;
  private static final int SMALLEST_16_DOUBLED = 0x0800;

  /** Nearest, toward zero, down, up: a hexadecimal digit each, the first the lowest. */
  static final int HOST_ROUNDING = 0x2130;

  boolean checks(FloatContract.Check check) {
    return (checks & check.bit()) != 0;
  }

  Format format() {
    return FpDesc.format(desc);
  }

  Format from() {
    return FpDesc.from(desc);
  }

  /** The precision in which the host holds a format. */
  static Precision precision(Format format) {
    return format == Format.F64 ? Precision.DOUBLE : Precision.SINGLE;
  }

  /** MXCSR's number of a mode: nearest 0, down 1, up 2, toward zero 3. */
  static int hostRounding(int mode) {
    return (HOST_ROUNDING >> (4 * mode)) & 3;
  }

  static Mem state(int offset) {
    return CodeGenerator.state(offset);
  }

  /** Leaves if the host is not in the operation's rounding mode. */
  void checkRounding() {
    if (checks(FloatContract.Check.ROUNDING)) {
      compareRounding();
    }
  }

  /** The same, whether it is a check of the contract or not. */
  void compareRounding() {
    Mem mode = state(StateLayout.FP_ROUNDING.offset());
    boolean dynamic = FpDesc.rounding(desc) == FpDesc.DYNAMIC;
    int expected = dynamic ? Rounding.UP.ordinal() : FpDesc.rounding(desc);
    a.alu(Alu.CMP, Width.BITS_32, mode, expected);
    a.j(dynamic ? Cc.A : Cc.NE, slow);
  }

  /** Brings an operand of a format into a vector register; binary16 as binary32. */
  void load(Xmm to, int operand, Format format) {
    Gpr from = operands.get(operand);
    switch (format) {
      case F16 -> {
        a.zeroExtend(2, Gpr.RAX, from);
        a.movd(to, Gpr.RAX);
        a.vcvtph2ps(to, to);
      }
      case F64 -> a.movq(to, from);
      default -> a.movd(to, from);
    }
  }

  /** Delivers a value of the result's format, which no check holds back. */
  void deliverPlain(Xmm value) {
    toGpr(value, result);
  }

  /** Delivers, after the checks of NaNs and of tiny results. */
  void deliver(Xmm value) {
    if (checks(FloatContract.Check.NAN)) {
      deliverUnlessNan(value);
    } else if (contract.defaultNans(desc)) {
      var nan = new Label();
      var done = new Label();
      checkNan(value, nan);
      finish(value);
      a.bind(done);
      cold.add(() -> {
        a.bind(nan);
        defaultNan();
        a.jmp(done);
      });
    } else {
      finish(value);
    }
  }

  private void deliverUnlessNan(Xmm value) {
    if (!contract.signalingFirst(desc)) {
      checkNan(value, slow);
      finish(value);
      return;
    }
    var nan = new Label();
    var done = new Label();
    checkNan(value, nan);
    finish(value);
    a.bind(done);
    cold.add(() -> {
      a.bind(nan);
      new FloatNans(this, value, done).choose();
    });
  }

  /** The result is the default NaN. */
  void defaultNan() {
    a.mov(result, contract.defaultNan(format()));
  }

  private void finish(Xmm value) {
    if (checks(FloatContract.Check.TINY)) {
      toGpr(value, Gpr.RAX);
      checkTiny();
      a.mov(Width.BITS_64, result, Gpr.RAX);
    } else {
      toGpr(value, result);
    }
  }

  private void toGpr(Xmm value, Gpr to) {
    switch (format()) {
      case F16 -> {
        a.vcvtps2ph(value, value, 4);
        a.movd(to, value);
      }
      case F64 -> a.movq(to, value);
      default -> a.movd(to, value);
    }
  }

  /** Jumps if a result, as the host holds it, is a NaN. */
  private void checkNan(Xmm value, Label nan) {
    Precision precision = precision(format());
    if (!contract.tracksSubnormals()) {
      a.ucomis(precision, value, value);
      a.j(Cc.P, nan);
      return;
    }
    // As integers: a comparison would raise DE for a subnormal result.
    if (precision == Precision.DOUBLE) {
      a.movq(Gpr.RAX, value);
      a.lea(Gpr.RAX, new Mem(Gpr.RAX, Gpr.RAX, 0));
      a.mov(Gpr.RCX, INFINITY_64_DOUBLED);
      a.alu(Alu.CMP, Width.BITS_64, Gpr.RAX, Gpr.RCX);
    } else {
      a.movd(Gpr.RAX, value);
      a.lea(Width.BITS_32, Gpr.RAX, new Mem(Gpr.RAX, Gpr.RAX, 0));
      a.alu(Alu.CMP, Width.BITS_32, Gpr.RAX, INFINITY_32_DOUBLED);
    }
    a.j(Cc.A, nan);
  }

  /** Leaves if RAX has the magnitude of the smallest normal number. */
  private void checkTiny() {
    if (format() == Format.F64) {
      a.lea(Gpr.RCX, new Mem(Gpr.RAX, Gpr.RAX, 0));
      a.mov(Gpr.RDX, SMALLEST_64_DOUBLED);
      a.alu(Alu.CMP, Width.BITS_64, Gpr.RCX, Gpr.RDX);
    } else {
      a.lea(Width.BITS_32, Gpr.RCX, new Mem(Gpr.RAX, Gpr.RAX, 0));
      if (format() == Format.F16) {
        a.zeroExtend(2, Gpr.RCX, Gpr.RCX);
        a.alu(Alu.CMP, Width.BITS_32, Gpr.RCX, SMALLEST_16_DOUBLED);
      } else {
        a.alu(Alu.CMP, Width.BITS_32, Gpr.RCX, SMALLEST_32_DOUBLED);
      }
    }
    a.j(Cc.E, slow);
  }
}
