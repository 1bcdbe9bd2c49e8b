package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Gpr.RAX;
import static dev.kasuari.tcg.x86_64.Gpr.RCX;
import static dev.kasuari.tcg.x86_64.Width.BITS_32;
import static dev.kasuari.tcg.x86_64.Width.BITS_64;
import static dev.kasuari.tcg.x86_64.Xmm.XMM0;
import static dev.kasuari.tcg.x86_64.Xmm.XMM1;
import static dev.kasuari.tcg.x86_64.Xmm.XMM2;

import dev.kasuari.softfloat.Rounding;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.FpDesc.Format;
import dev.kasuari.tcg.ir.Type;
import java.util.List;

/** The conversions of {@link FloatCode}. */
final class FloatConversions {
  /** ROUNDSD's control: MXCSR's mode; no inexact. */
  private static final int BY_MXCSR = 4;

  private static final int QUIETLY = 8;
  private static final int TRUNCATE = 3;

  /** 2^32 − 1 and powers of two, as numbers. */
  private static final long MAX_32_AS_F64 = Double.doubleToRawLongBits(0x1p32 - 1);

  private static final long P63_AS_F64 = Double.doubleToRawLongBits(0x1p63);
  private static final long P64_AS_F64 = Double.doubleToRawLongBits(0x1p64);
  private static final int P32_AS_F32 = Float.floatToRawIntBits(0x1p32f);
  private static final int P63_AS_F32 = Float.floatToRawIntBits(0x1p63f);
  private static final int P64_AS_F32 = Float.floatToRawIntBits(0x1p64f);
  private static final int INFINITY_16 = 0x7c00;

  private final Assembler a;
  private final List<Runnable> cold;

  FloatConversions(Assembler a, List<Runnable> cold) {
    this.a = a;
    this.cold = cold;
  }

  void emit(FloatOperation o) {
    switch (o.op()) {
      case FCVT -> convert(o);
      case FTOI -> toInteger(o);
      case ITOF -> fromInteger(o);
      case FRINT -> roundToIntegral(o);
      default -> throw new IllegalArgumentException(o.op().mnemonic());
    }
  }

  /** binary16 is held as binary32, so half of its conversions are loads and stores. */
  private void convert(FloatOperation o) {
    o.load(XMM0, 0, o.from());
    Precision from = FloatOperation.precision(o.from());
    if (from != FloatOperation.precision(o.format())) {
      a.convert(from, XMM0, XMM0);
    }
    o.deliver(XMM0);
  }

  private void roundToIntegral(FloatOperation o) {
    o.load(XMM0, 0, o.format());
    integral(o, FpDesc.raisesInexact(o.desc()) ? 0 : QUIETLY);
    o.deliver(XMM1);
  }

  /** XMM1 = XMM0 rounded to an integral value. */
  private void integral(FloatOperation o, int quietly) {
    Precision precision = FloatOperation.precision(o.from());
    int mode = FpDesc.rounding(o.desc());
    // The other elements stay, and would be converted to binary16 too.
    a.pxor(XMM1, XMM1);
    if (mode == Rounding.NEAREST_MAX_MAGNITUDE.ordinal()) {
      a.rounds(precision, XMM1, XMM0, TRUNCATE | quietly);
      awayFromZero(precision);
    } else {
      int control = mode == FpDesc.DYNAMIC ? BY_MXCSR : FloatOperation.hostRounding(mode);
      a.rounds(precision, XMM1, XMM0, control | quietly);
    }
  }

  /**
   * XMM1, XMM0 truncated, becomes the next integer if a half or more was cut off. Difference and
   * sum are exact: the former is a part of the operand, and the latter does not exceed the bound
   * from which on all numbers are integers.
   */
  private void awayFromZero(Precision precision) {
    var done = new Label();
    magnitude(precision, XMM0);
    compareMagnitude(precision, 0x1p52, 0x1p23f);
    a.j(Cc.AE, done);
    a.movaps(XMM2, XMM0);
    a.scalar(Sse.SUB, precision, XMM2, XMM1);
    magnitude(precision, XMM2);
    compareMagnitude(precision, 0.5, 0.5f);
    a.jShort(Cc.B, done);
    one(precision);
    a.scalar(Sse.ADD, precision, XMM1, XMM2);
    a.bind(done);
  }

  /** RAX = the bits without the sign, shifted left by one. */
  private void magnitude(Precision precision, Xmm value) {
    if (precision == Precision.DOUBLE) {
      a.movq(RAX, value);
      a.lea(RAX, new Mem(RAX, RAX, 0));
    } else {
      a.movd(RAX, value);
      a.lea(BITS_32, RAX, new Mem(RAX, RAX, 0));
    }
  }

  private void compareMagnitude(Precision precision, double wide, float narrow) {
    if (precision == Precision.DOUBLE) {
      a.mov(RCX, Double.doubleToRawLongBits(wide) << 1);
      a.alu(Alu.CMP, BITS_64, RAX, RCX);
    } else {
      a.alu(Alu.CMP, BITS_32, RAX, Float.floatToRawIntBits(narrow) << 1);
    }
  }

  /** XMM2 = one with the sign of XMM0. */
  private void one(Precision precision) {
    if (precision == Precision.DOUBLE) {
      a.movq(RAX, XMM0);
      a.shift(Shift.SHR, BITS_64, RAX, 63);
      a.shift(Shift.SHL, BITS_64, RAX, 63);
      a.mov(RCX, Double.doubleToRawLongBits(1.0));
      a.alu(Alu.OR, BITS_64, RAX, RCX);
      a.movq(XMM2, RAX);
    } else {
      a.movd(RAX, XMM0);
      a.alu(Alu.AND, BITS_32, RAX, Integer.MIN_VALUE);
      a.alu(Alu.OR, BITS_32, RAX, Float.floatToRawIntBits(1.0f));
      a.movd(XMM2, RAX);
    }
  }

  // ---- integers to floats ----------------------------------------------------------------------

  private void fromInteger(FloatOperation o) {
    Precision to = FloatOperation.precision(o.format());
    Gpr operand = o.operands().get(0);
    boolean wide = FpDesc.integerWidth(o.desc()) == 64;
    if (o.checks(FloatContract.Check.PRECISION)) {
      checkPrecision(o, operand, wide ? BITS_64 : BITS_32);
    }
    // The conversion leaves the other bits alone, and would wait for them.
    a.pxor(XMM0, XMM0);
    if (FpDesc.integerIsSigned(o.desc())) {
      a.fromInteger(to, wide ? BITS_64 : BITS_32, XMM0, operand);
    } else if (wide) {
      fromUnsigned64(to, operand);
    } else {
      a.zeroExtend(4, RAX, operand);
      a.fromInteger(to, BITS_64, XMM0, RAX);
    }
    o.deliverPlain(XMM0);
  }

  /**
   * A static mode: integers of the format's precision are exact in every mode, and the others want
   * the host to be in it by chance. C libraries write {@code floor} and its kind with such
   * conversions, of small numbers.
   */
  private void checkPrecision(FloatOperation o, Gpr operand, Width width) {
    long limit = o.format() == Format.F64 ? 1L << 53 : 1L << 24;
    Gpr value = operand;
    a.mov(RCX, limit);
    if (FpDesc.integerIsSigned(o.desc())) {
      a.lea(width, RAX, new Mem(operand, RCX, 0));
      a.alu(Alu.ADD, width, RCX, RCX);
      value = RAX;
    }
    a.alu(Alu.CMP, width, value, RCX);
    if (FpDesc.rounding(o.desc()) > Rounding.UP.ordinal()) {
      a.j(Cc.A, o.slow());
      return;
    }
    var large = new Label();
    var exact = new Label();
    a.j(Cc.A, large);
    a.bind(exact);
    cold.add(() -> {
      a.bind(large);
      o.compareRounding();
      a.jmp(exact);
    });
  }

  /** The upper half is halved, which loses only a bit that the lowest one stands for. */
  private void fromUnsigned64(Precision to, Gpr operand) {
    var large = new Label();
    var done = new Label();
    a.test(BITS_64, operand, operand);
    a.j(Cc.S, large);
    a.fromInteger(to, BITS_64, XMM0, operand);
    a.bind(done);
    cold.add(() -> {
      a.bind(large);
      a.mov(BITS_64, RAX, operand);
      a.mov(BITS_32, RCX, operand);
      a.shift(Shift.SHR, BITS_64, RAX, 1);
      a.alu(Alu.AND, BITS_32, RCX, 1);
      a.alu(Alu.OR, BITS_64, RAX, RCX);
      a.fromInteger(to, BITS_64, XMM0, RAX);
      a.scalar(Sse.ADD, to, XMM0, XMM0);
      a.jmp(done);
    });
  }

  // ---- floats to integers ----------------------------------------------------------------------

  private void toInteger(FloatOperation o) {
    boolean wide = FpDesc.integerWidth(o.desc()) == 64;
    o.load(XMM0, 0, o.from());
    if (FpDesc.integerIsSigned(o.desc())) {
      toSigned(o, wide ? BITS_64 : BITS_32);
      deliver(o, wide);
    } else if (wide) {
      toUnsigned64(o);
    } else {
      checkUnsigned32(o);
      toSigned(o, BITS_64);
      a.mov(BITS_64, o.result(), RAX);
    }
  }

  private void deliver(FloatOperation o, boolean wide) {
    if (wide || o.type() == Type.I32) {
      a.mov(BITS_64, o.result(), RAX);
    } else {
      a.signExtend(4, BITS_64, o.result(), RAX);
    }
  }

  /**
   * RAX = XMM0 rounded. What does not fit gives the smallest integer, which is also what fits that
   * gives it: software tells them apart.
   */
  private void toSigned(FloatOperation o, Width width) {
    Precision from = FloatOperation.precision(o.from());
    int mode = FpDesc.rounding(o.desc());
    if (mode == Rounding.TOWARD_ZERO.ordinal()) {
      a.truncate(from, width, RAX, XMM0);
      checkFits(o, width);
    } else if (o.checks(FloatContract.Check.ROUNDING) || mode == FpDesc.DYNAMIC) {
      a.toInteger(from, width, RAX, XMM0);
      checkFits(o, width);
    } else {
      integral(o, QUIETLY);
      a.truncate(from, width, RAX, XMM1);
      checkFits(o, width);
      // Only for its inexact: what fits when rounded fits when truncated.
      a.truncate(from, width, RCX, XMM0);
    }
  }

  private void checkFits(FloatOperation o, Width width) {
    if (o.checks(FloatContract.Check.RANGE) && FpDesc.integerIsSigned(o.desc())) {
      // Overflows for the smallest integer only.
      a.alu(Alu.CMP, width, RAX, 1);
      a.j(Cc.O, o.slow());
    }
  }

  /**
   * Leaves, before any flag is raised, unless the operand is from 0 to 2^32 − 1. As integers:
   * negative numbers and NaNs are above.
   */
  private void checkUnsigned32(FloatOperation o) {
    Gpr operand = o.operands().get(0);
    switch (o.from()) {
      case F16 -> checkUnsigned16(o);
      case F64 -> {
        a.mov(RCX, MAX_32_AS_F64);
        a.alu(Alu.CMP, BITS_64, operand, RCX);
        a.j(Cc.A, o.slow());
      }
      default -> {
        a.alu(Alu.CMP, BITS_32, operand, P32_AS_F32);
        a.j(Cc.AE, o.slow());
      }
    }
  }

  private void checkUnsigned16(FloatOperation o) {
    a.zeroExtend(2, RAX, o.operands().get(0));
    a.alu(Alu.CMP, BITS_32, RAX, INFINITY_16);
    a.j(Cc.AE, o.slow());
  }

  /** Below 2^63 as if signed. */
  private void toUnsigned64(FloatOperation o) {
    var large = new Label();
    var done = new Label();
    switch (o.from()) {
      case F16 -> checkUnsigned16(o);
      case F64 -> {
        a.mov(RCX, P63_AS_F64);
        a.alu(Alu.CMP, BITS_64, o.operands().get(0), RCX);
        a.j(Cc.AE, large);
      }
      default -> {
        a.alu(Alu.CMP, BITS_32, o.operands().get(0), P63_AS_F32);
        a.j(Cc.AE, large);
      }
    }
    toSigned(o, BITS_64);
    a.bind(done);
    a.mov(BITS_64, o.result(), RAX);
    if (o.from() != Format.F16) {
      cold.add(() -> {
        a.bind(large);
        large(o);
        a.jmp(done);
      });
    }
  }

  /** From 2^63 on every number is an integer: RAX = its fraction under a leading one. */
  private void large(FloatOperation o) {
    Gpr operand = o.operands().get(0);
    if (o.from() == Format.F64) {
      a.mov(RCX, P64_AS_F64);
      a.alu(Alu.CMP, BITS_64, operand, RCX);
      a.j(Cc.AE, o.slow());
      a.mov(BITS_64, RAX, operand);
      a.shift(Shift.SHL, BITS_64, RAX, 11);
    } else {
      a.alu(Alu.CMP, BITS_32, operand, P64_AS_F32);
      a.j(Cc.AE, o.slow());
      a.mov(BITS_64, RAX, operand);
      a.shift(Shift.SHL, BITS_64, RAX, 40);
    }
    a.mov(RCX, Long.MIN_VALUE);
    a.alu(Alu.OR, BITS_64, RAX, RCX);
  }
}
