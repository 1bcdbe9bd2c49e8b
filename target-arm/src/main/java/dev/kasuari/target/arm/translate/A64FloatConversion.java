package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ConditionFlags;
import dev.kasuari.target.arm.isa.A64Immediates;
import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.Flags;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/** Conversions between formats, and to and from integers. Source: DDI 0487, C7.2. */
interface A64FloatConversion extends A64Instructions<A64> {
  int TOWARD_ZERO = 3;

  /** Softfloat's number of rounding to odd. */
  int ODD = 5;

  // ---- scalars ---------------------------------------------------------------------------------

  @Override
  default void fcvt(A64 t, int size, int to, int rn, int rd) {
    FloatOps.set(t, to, rd, FloatOps.convert(t, size, to, FloatOps.get(t, size, rn)));
  }

  private static Value bfloat(A64 t, Value single) {
    FpDesc desc = FloatOps.convert(t, FpDesc.Format.F32, FpDesc.Format.BF16);
    return t.e().fpTo(Op.FCVT, desc, Type.I32, single);
  }

  @Override
  default void bfcvt(A64 t, int rn, int rd) {
    FloatOps.set(t, 1, rd, bfloat(t, FloatOps.get(t, 2, rn)));
  }

  private static void toInteger(
      A64 t, int sf, int size, boolean signed, int mode, int fraction, int rn, int rd) {
    Value value = FloatOps.get(t, size, rn);
    t.setX(rd, FloatOps.toInteger(t, size, 2 + sf, signed, mode, fraction, value));
  }

  private static void fromInteger(
      A64 t, int sf, int size, boolean signed, int fraction, int rn, int rd) {
    Value value = t.x(sf, rn);
    FloatOps.set(t, size, rd, FloatOps.fromInteger(t, 2 + sf, size, signed, fraction, value));
  }

  @Override
  default void fcvtS(A64 t, int sf, int size, int rn, int rd, int mode) {
    toInteger(t, sf, size, true, mode, 0, rn, rd);
  }

  @Override
  default void fcvtU(A64 t, int sf, int size, int rn, int rd, int mode) {
    toInteger(t, sf, size, false, mode, 0, rn, rd);
  }

  @Override
  default void fcvtzsX(A64 t, int sf, int size, int scale, int rn, int rd) {
    toInteger(t, sf, size, true, TOWARD_ZERO, 64 - scale, rn, rd);
  }

  @Override
  default void fcvtzuX(A64 t, int sf, int size, int scale, int rn, int rd) {
    toInteger(t, sf, size, false, TOWARD_ZERO, 64 - scale, rn, rd);
  }

  @Override
  default void scvtf(A64 t, int sf, int size, int rn, int rd) {
    fromInteger(t, sf, size, true, 0, rn, rd);
  }

  @Override
  default void ucvtf(A64 t, int sf, int size, int rn, int rd) {
    fromInteger(t, sf, size, false, 0, rn, rd);
  }

  @Override
  default void scvtfX(A64 t, int sf, int size, int scale, int rn, int rd) {
    fromInteger(t, sf, size, true, 64 - scale, rn, rd);
  }

  @Override
  default void ucvtfX(A64 t, int sf, int size, int scale, int rn, int rd) {
    fromInteger(t, sf, size, false, 64 - scale, rn, rd);
  }

  /** Z says that the integer is the operand. */
  @Override
  default void fjcvtzs(A64 t, int rn, int rd) {
    var e = t.e();
    Value result = FloatCall.TO_JAVASCRIPT.of(t, 3, FloatOps.desc(t, 3), FloatOps.get(t, 3, rn));
    t.setX(rd, e.narrow(result));
    Value same = e.narrow(e.extract(result, 32, 1));
    Value zero = e.shl(same, Integer.numberOfTrailingZeros(Flags.Z));
    t.setFlags(e.flagsFromBits(e.or(zero, ConditionFlags.packed(0))));
  }

  // ---- vectors ---------------------------------------------------------------------------------

  private static void toIntegers(
      A64 t, int q, int size, boolean signed, int mode, int fraction, int rn, int rd) {
    FloatLanes.map(
        t, q, size, rn, rd, a -> FloatOps.toInteger(t, size, size, signed, mode, fraction, a));
  }

  private static void fromIntegers(
      A64 t, int q, int size, boolean signed, int fraction, int rn, int rd) {
    FloatLanes.map(
        t,
        q,
        size,
        rn,
        rd,
        a -> {
          Value integer = size == 1 && signed ? t.e().signExtend(a, 16) : a;
          return FloatOps.fromInteger(t, Math.max(size, 2), size, signed, fraction, integer);
        });
  }

  @Override
  default void fcvtnsV(A64 t, int q, int size, int rn, int rd) {
    toIntegers(t, q, size, true, 0, 0, rn, rd);
  }

  @Override
  default void fcvtpsV(A64 t, int q, int size, int rn, int rd) {
    toIntegers(t, q, size, true, 1, 0, rn, rd);
  }

  @Override
  default void fcvtmsV(A64 t, int q, int size, int rn, int rd) {
    toIntegers(t, q, size, true, 2, 0, rn, rd);
  }

  @Override
  default void fcvtzsV(A64 t, int q, int size, int rn, int rd) {
    toIntegers(t, q, size, true, TOWARD_ZERO, 0, rn, rd);
  }

  @Override
  default void fcvtasV(A64 t, int q, int size, int rn, int rd) {
    toIntegers(t, q, size, true, 4, 0, rn, rd);
  }

  @Override
  default void fcvtzsI(A64 t, int q, int imm, int rn, int rd) {
    int size = A64Immediates.shiftSize(imm);
    toIntegers(t, q, size, true, TOWARD_ZERO, A64Immediates.shiftRight(imm), rn, rd);
  }

  @Override
  default void scvtfV(A64 t, int q, int size, int rn, int rd) {
    fromIntegers(t, q, size, true, 0, rn, rd);
  }

  @Override
  default void scvtfI(A64 t, int q, int imm, int rn, int rd) {
    int size = A64Immediates.shiftSize(imm);
    fromIntegers(t, q, size, true, A64Immediates.shiftRight(imm), rn, rd);
  }

  @Override
  default void fcvtnuV(A64 t, int q, int size, int rn, int rd) {
    toIntegers(t, q, size, false, 0, 0, rn, rd);
  }

  @Override
  default void fcvtpuV(A64 t, int q, int size, int rn, int rd) {
    toIntegers(t, q, size, false, 1, 0, rn, rd);
  }

  @Override
  default void fcvtmuV(A64 t, int q, int size, int rn, int rd) {
    toIntegers(t, q, size, false, 2, 0, rn, rd);
  }

  @Override
  default void fcvtzuV(A64 t, int q, int size, int rn, int rd) {
    toIntegers(t, q, size, false, TOWARD_ZERO, 0, rn, rd);
  }

  @Override
  default void fcvtauV(A64 t, int q, int size, int rn, int rd) {
    toIntegers(t, q, size, false, 4, 0, rn, rd);
  }

  @Override
  default void fcvtzuI(A64 t, int q, int imm, int rn, int rd) {
    int size = A64Immediates.shiftSize(imm);
    toIntegers(t, q, size, false, TOWARD_ZERO, A64Immediates.shiftRight(imm), rn, rd);
  }

  @Override
  default void ucvtfV(A64 t, int q, int size, int rn, int rd) {
    fromIntegers(t, q, size, false, 0, rn, rd);
  }

  @Override
  default void ucvtfI(A64 t, int q, int imm, int rn, int rd) {
    int size = A64Immediates.shiftSize(imm);
    fromIntegers(t, q, size, false, A64Immediates.shiftRight(imm), rn, rd);
  }

  @Override
  default void fcvtnV(A64 t, int q, int size, int rn, int rd) {
    FloatLanes.narrow(t, q, size, rn, rd, a -> FloatOps.convert(t, size, size - 1, a));
  }

  @Override
  default void fcvtlV(A64 t, int q, int size, int rn, int rd) {
    FloatLanes.widen(t, q, size, rn, rd, a -> FloatOps.convert(t, size - 1, size, a));
  }

  @Override
  default void bfcvtnV(A64 t, int q, int rn, int rd) {
    FloatLanes.narrow(t, q, 2, rn, rd, a -> bfloat(t, a));
  }

  /** To single precision, rounded to odd: no second rounding can go wrong. */
  @Override
  default void fcvtxnV(A64 t, int q, int rn, int rd) {
    FpDesc desc = FloatOps.convert(t, FpDesc.Format.F64, FpDesc.Format.F32).rounding(ODD);
    if (q == 3) {
      FloatOps.set(t, 2, rd, t.e().fpTo(Op.FCVT, desc, Type.I32, FloatOps.get(t, 3, rn)));
      return;
    }
    FloatLanes.narrow(t, q, 3, rn, rd, a -> t.e().fpTo(Op.FCVT, desc, Type.I32, a));
  }
}
