package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmMode;
import dev.kasuari.target.arm.cpu.ArmState;
import dev.kasuari.target.arm.cpu.ConditionFlags;
import dev.kasuari.tcg.ir.Block;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/**
 * What floating-point instructions share: elements of vector registers, and operations in the modes
 * of FPCR. {@code size} is the logarithm of an element's bytes: 1 for half, 2 for single, 3 for
 * double precision.
 */
final class FloatOps {
  private FloatOps() {}

  // ---- elements --------------------------------------------------------------------------------

  /** The type that holds an element. */
  static Type type(int size) {
    return size == 3 ? Type.I64 : Type.I32;
  }

  static Value get(A64 t, int size, int r, int index) {
    int offset = ArmState.V.at(r) + (index << size);
    return t.e().get(type(size), StateView.of(offset, 1 << size));
  }

  /** The lowest element of a vector register. */
  static Value get(A64 t, int size, int r) {
    return get(t, size, r, 0);
  }

  /** Writes the lowest element of a vector register, and zeros above. */
  static void set(A64 t, int size, int r, Value value) {
    var e = t.e();
    Value low =
        switch (size) {
          case 3 -> value;
          case 2 -> e.widenUnsigned(value);
          default -> e.widenUnsigned(e.zeroExtend(value, 8 << size));
        };
    e.set(StateView.of(ArmState.V.at(r), 8), low);
    e.set(StateView.of(ArmState.V.at(r) + 8, 8), e.constant(0));
  }

  /** Writes one element alone. */
  static void put(A64 t, int size, int r, int index, Value value) {
    t.e().set(StateView.of(ArmState.V.at(r) + (index << size), 1 << size), value);
  }

  // ---- descriptors -----------------------------------------------------------------------------

  static FpDesc.Format format(int size) {
    return switch (size) {
      case 1 -> FpDesc.Format.F16;
      case 2 -> FpDesc.Format.F32;
      default -> FpDesc.Format.F64;
    };
  }

  /** An operation of one format, as FPCR has it, but for its rounding mode, which is dynamic. */
  static FpDesc desc(A64 t, int size) {
    boolean flushes = size == 1 ? ArmMode.flushesHalves(t.mode()) : ArmMode.flushes(t.mode());
    FpDesc desc = defaultNans(t, FpDesc.of(format(size)).fourModes());
    return flushes ? desc.flushInputs().flushOutputs() : desc;
  }

  static FpDesc defaultNans(A64 t, FpDesc desc) {
    return ArmMode.defaultNans(t.mode()) ? desc.defaultNans() : desc;
  }

  /** A conversion, for which FZ16 counts nothing (J1.1 "FPUnpackCV", "FPRoundCV"). */
  static FpDesc convert(A64 t, FpDesc.Format from, FpDesc.Format to) {
    FpDesc desc = defaultNans(t, FpDesc.convert(half(t, from), half(t, to)).fourModes());
    if (!ArmMode.flushes(t.mode())) {
      return desc;
    }
    desc = from == FpDesc.Format.F16 ? desc : desc.flushInputs();
    return to == FpDesc.Format.F16 ? desc : desc.flushOutputs();
  }

  private static FpDesc.Format half(A64 t, FpDesc.Format format) {
    boolean alternative = format == FpDesc.Format.F16 && ArmMode.alternativeHalf(t.mode());
    return alternative ? FpDesc.Format.F16_ALTERNATIVE : format;
  }

  /** Softfloat's number of a rounding mode: nearest, up, down, toward zero, nearest away. */
  static int rounding(int mode) {
    return switch (mode) {
      case 1 -> 3;
      case 3 -> 1;
      default -> mode;
    };
  }

  // ---- operations ------------------------------------------------------------------------------

  static Value negate(A64 t, int size, Value a) {
    return t.e().xor(a, t.e().constant(type(size), Long.MIN_VALUE >>> (64 - (8 << size))));
  }

  static Value absolute(A64 t, int size, Value a) {
    return t.e().and(a, t.e().constant(type(size), (1L << ((8 << size) - 1)) - 1));
  }

  static Value convert(A64 t, int from, int to, Value a) {
    return t.e().fpTo(Op.FCVT, convert(t, format(from), format(to)), type(to), a);
  }

  /** {@code op} of elements with what FPCR says. */
  static Value arithmetic(A64 t, Op op, int size, Value... operands) {
    return t.e().fp(op, desc(t, size), operands);
  }

  static Value minMax(A64 t, Op op, FpDesc.MinMax variant, int size, Value a, Value b) {
    return t.e().fp(op, desc(t, size).minMax(variant), a, b);
  }

  /** addend ± a × b, where negated operands are a and the addend. */
  static Value fused(A64 t, int size, boolean product, boolean addend, Value a, Value b, Value c) {
    FpDesc desc = desc(t, size);
    desc = product ? desc.negateProduct() : desc;
    desc = addend ? desc.negateAddend() : desc;
    return t.e().fp(Op.FMA, desc, a, b, c);
  }

  /**
   * To an integral value.
   *
   * @param mode as {@link #rounding} numbers it, or {@link FpDesc#DYNAMIC}
   */
  static Value integral(A64 t, int size, int mode, boolean inexact, Value a) {
    FpDesc desc = desc(t, size).rounding(rounding(mode));
    return t.e().fp(Op.FRINT, inexact ? desc.raiseInexact() : desc, a);
  }

  /**
   * To an integer or a fixed-point number.
   *
   * @param to logarithm of the integer's bytes, 1 to 3
   * @param fraction bits of fraction
   */
  static Value toInteger(A64 t, int size, int to, boolean signed, int mode, int fraction, Value a) {
    FpDesc desc = desc(t, size).rounding(rounding(mode)).scale(fraction);
    if (to == 1) {
      return FloatCall.TO_SHORT.of(t, size, signed ? desc : desc.integer(32, false), a);
    }
    return t.e().fpTo(Op.FTOI, desc.integer(8 << to, signed), type(to), a);
  }

  /**
   * Of an integer or a fixed-point number.
   *
   * @param from logarithm of the integer's bytes, 2 or 3
   */
  static Value fromInteger(A64 t, int from, int size, boolean signed, int fraction, Value a) {
    FpDesc desc = desc(t, size).integer(8 << from, signed);
    if (fraction == 0 || size == 1) {
      return t.e().fpTo(Op.ITOF, desc.scale(fraction), type(size), a);
    }
    // Exact: what is not zero is far from the smallest normal number.
    Value integer = t.e().fpTo(Op.ITOF, desc, type(size), a);
    long scale =
        size == 3
            ? Double.doubleToRawLongBits(Math.scalb(1.0, -fraction))
            : Float.floatToRawIntBits(Math.scalb(1.0f, -fraction));
    return arithmetic(t, Op.FMUL, size, integer, t.e().constant(type(size), scale));
  }

  // ---- comparisons -----------------------------------------------------------------------------

  /** The flags of a comparison, as the state packs them (J1.1 "FPCompare"). */
  private static Value flags(A64 t, int size, boolean signaling, Value a, Value b) {
    FpDesc desc = desc(t, size).relation(FpDesc.Relation.FLAGS);
    return t.e().fpTo(Op.FCMP, signaling ? desc.signaling() : desc, Type.I32, a, b);
  }

  static void compare(A64 t, int size, boolean signaling, Value a, Value b) {
    t.setFlags(t.e().flagsFromBits(flags(t, size, signaling, a, b)));
  }

  /** A comparison if the condition holds, and these flags otherwise. */
  static void compare(A64 t, int size, boolean signaling, int cond, int nzcv, Value a, Value b) {
    if (cond >= 14) {
      compare(t, size, signaling, a, b);
      return;
    }
    var e = t.e();
    Block compared = e.block();
    Block given = e.block();
    Block done = e.block(Type.I32);
    e.brflags(A64.condition(cond), t.flags(), compared, given);
    e.bind(given);
    e.br(done, e.constant32(ConditionFlags.packed(nzcv)));
    e.bind(compared);
    e.br(done, flags(t, size, signaling, a, b));
    e.bind(done);
    t.setFlags(e.flagsFromBits(done.parameter(0)));
  }
}
