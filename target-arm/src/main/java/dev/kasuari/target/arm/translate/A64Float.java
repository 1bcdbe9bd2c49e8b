package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.isa.A64Immediates;
import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Value;

/** Scalar floating point but for conversions. Source: DDI 0487, C7.2. */
interface A64Float extends A64Instructions<A64> {
  // ---- moves -----------------------------------------------------------------------------------

  @Override
  default void fmov(A64 t, int size, int rn, int rd) {
    FloatOps.set(t, size, rd, FloatOps.get(t, size, rn));
  }

  @Override
  default void fmovI(A64 t, int size, int imm, int rd) {
    Value value = t.e().constant(FloatOps.type(size), A64Immediates.floating(size, imm));
    FloatOps.set(t, size, rd, value);
  }

  @Override
  default void fmovFg(A64 t, int sf, int size, int rn, int rd) {
    Value value = FloatOps.get(t, size, rn);
    t.setX(rd, value);
  }

  @Override
  default void fmovGf(A64 t, int sf, int size, int rn, int rd) {
    FloatOps.set(t, size, rd, t.x(size == 3 ? 1 : 0, rn));
  }

  @Override
  default void fmovHg(A64 t, int rn, int rd) {
    t.setX(rd, FloatOps.get(t, 3, rn, 1));
  }

  @Override
  default void fmovGh(A64 t, int rn, int rd) {
    FloatOps.put(t, 3, rd, 1, t.x(rn));
  }

  @Override
  default void fcsel(A64 t, int size, int rm, int rn, int rd, int cond) {
    FloatOps.set(t, size, rd, t.select(cond, FloatOps.get(t, size, rn), FloatOps.get(t, size, rm)));
  }

  // ---- one source ------------------------------------------------------------------------------

  @Override
  default void fabs(A64 t, int size, int rn, int rd) {
    FloatOps.set(t, size, rd, FloatOps.absolute(t, size, FloatOps.get(t, size, rn)));
  }

  @Override
  default void fneg(A64 t, int size, int rn, int rd) {
    FloatOps.set(t, size, rd, FloatOps.negate(t, size, FloatOps.get(t, size, rn)));
  }

  @Override
  default void fsqrt(A64 t, int size, int rn, int rd) {
    FloatOps.set(t, size, rd, FloatOps.arithmetic(t, Op.FSQRT, size, FloatOps.get(t, size, rn)));
  }

  private static void integral(A64 t, int size, int mode, boolean inexact, int rn, int rd) {
    Value value = FloatOps.get(t, size, rn);
    FloatOps.set(t, size, rd, FloatOps.integral(t, size, mode, inexact, value));
  }

  @Override
  default void frintn(A64 t, int size, int rn, int rd) {
    integral(t, size, 0, false, rn, rd);
  }

  @Override
  default void frintp(A64 t, int size, int rn, int rd) {
    integral(t, size, 1, false, rn, rd);
  }

  @Override
  default void frintm(A64 t, int size, int rn, int rd) {
    integral(t, size, 2, false, rn, rd);
  }

  @Override
  default void frintz(A64 t, int size, int rn, int rd) {
    integral(t, size, 3, false, rn, rd);
  }

  @Override
  default void frinta(A64 t, int size, int rn, int rd) {
    integral(t, size, 4, false, rn, rd);
  }

  @Override
  default void frintx(A64 t, int size, int rn, int rd) {
    integral(t, size, FpDesc.DYNAMIC, true, rn, rd);
  }

  @Override
  default void frinti(A64 t, int size, int rn, int rd) {
    integral(t, size, FpDesc.DYNAMIC, false, rn, rd);
  }

  private static void bounded(A64 t, FloatCall call, int size, int mode, int rn, int rd) {
    FpDesc desc = FloatOps.desc(t, size).rounding(FloatOps.rounding(mode));
    FloatOps.set(t, size, rd, call.of(t, size, desc, FloatOps.get(t, size, rn)));
  }

  @Override
  default void frint32z(A64 t, int size, int rn, int rd) {
    bounded(t, FloatCall.INTEGRAL_32, size, 3, rn, rd);
  }

  @Override
  default void frint32x(A64 t, int size, int rn, int rd) {
    bounded(t, FloatCall.INTEGRAL_32, size, FpDesc.DYNAMIC, rn, rd);
  }

  @Override
  default void frint64z(A64 t, int size, int rn, int rd) {
    bounded(t, FloatCall.INTEGRAL_64, size, 3, rn, rd);
  }

  @Override
  default void frint64x(A64 t, int size, int rn, int rd) {
    bounded(t, FloatCall.INTEGRAL_64, size, FpDesc.DYNAMIC, rn, rd);
  }

  // ---- two and three sources -------------------------------------------------------------------

  private static Value of(A64 t, Op op, int size, int rn, int rm) {
    return FloatOps.arithmetic(t, op, size, FloatOps.get(t, size, rn), FloatOps.get(t, size, rm));
  }

  @Override
  default void fmul(A64 t, int size, int rm, int rn, int rd) {
    FloatOps.set(t, size, rd, of(t, Op.FMUL, size, rn, rm));
  }

  @Override
  default void fdiv(A64 t, int size, int rm, int rn, int rd) {
    FloatOps.set(t, size, rd, of(t, Op.FDIV, size, rn, rm));
  }

  @Override
  default void fadd(A64 t, int size, int rm, int rn, int rd) {
    FloatOps.set(t, size, rd, of(t, Op.FADD, size, rn, rm));
  }

  @Override
  default void fsub(A64 t, int size, int rm, int rn, int rd) {
    FloatOps.set(t, size, rd, of(t, Op.FSUB, size, rn, rm));
  }

  @Override
  default void fnmul(A64 t, int size, int rm, int rn, int rd) {
    FloatOps.set(t, size, rd, FloatOps.negate(t, size, of(t, Op.FMUL, size, rn, rm)));
  }

  private static void extreme(
      A64 t, Op op, FpDesc.MinMax variant, int size, int rm, int rn, int rd) {
    Value a = FloatOps.get(t, size, rn);
    Value b = FloatOps.get(t, size, rm);
    FloatOps.set(t, size, rd, FloatOps.minMax(t, op, variant, size, a, b));
  }

  @Override
  default void fmax(A64 t, int size, int rm, int rn, int rd) {
    extreme(t, Op.FMAX, FpDesc.MinMax.NAN_2019, size, rm, rn, rd);
  }

  @Override
  default void fmin(A64 t, int size, int rm, int rn, int rd) {
    extreme(t, Op.FMIN, FpDesc.MinMax.NAN_2019, size, rm, rn, rd);
  }

  @Override
  default void fmaxnm(A64 t, int size, int rm, int rn, int rd) {
    extreme(t, Op.FMAX, FpDesc.MinMax.NUMBER_2008, size, rm, rn, rd);
  }

  @Override
  default void fminnm(A64 t, int size, int rm, int rn, int rd) {
    extreme(t, Op.FMIN, FpDesc.MinMax.NUMBER_2008, size, rm, rn, rd);
  }

  /** addend + a × b, of which a and the addend may be negated. */
  private static void fused(
      A64 t, boolean product, boolean addend, int size, int rm, int ra, int rn, int rd) {
    Value a = FloatOps.get(t, size, rn);
    Value b = FloatOps.get(t, size, rm);
    Value c = FloatOps.get(t, size, ra);
    FloatOps.set(t, size, rd, FloatOps.fused(t, size, product, addend, a, b, c));
  }

  @Override
  default void fmadd(A64 t, int size, int rm, int ra, int rn, int rd) {
    fused(t, false, false, size, rm, ra, rn, rd);
  }

  @Override
  default void fmsub(A64 t, int size, int rm, int ra, int rn, int rd) {
    fused(t, true, false, size, rm, ra, rn, rd);
  }

  @Override
  default void fnmadd(A64 t, int size, int rm, int ra, int rn, int rd) {
    fused(t, true, true, size, rm, ra, rn, rd);
  }

  @Override
  default void fnmsub(A64 t, int size, int rm, int ra, int rn, int rd) {
    fused(t, false, true, size, rm, ra, rn, rd);
  }

  // ---- comparisons -----------------------------------------------------------------------------

  @Override
  default void fcmp(A64 t, int size, int signalling, int rn, int rm) {
    FloatOps.compare(
        t, size, signalling == 1, FloatOps.get(t, size, rn), FloatOps.get(t, size, rm));
  }

  @Override
  default void fcmpZ(A64 t, int size, int signalling, int rn) {
    Value zero = t.e().constant(FloatOps.type(size), 0);
    FloatOps.compare(t, size, signalling == 1, FloatOps.get(t, size, rn), zero);
  }

  @Override
  default void fccmp(A64 t, int size, int signalling, int rn, int rm, int cond, int nzcv) {
    Value a = FloatOps.get(t, size, rn);
    Value b = FloatOps.get(t, size, rm);
    FloatOps.compare(t, size, signalling == 1, cond, nzcv, a, b);
  }
}
