package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Value;

/** Floating point of vectors, lane by lane, and of scalars in that form. Source: DDI 0487, C7.2. */
interface A64FloatVector extends A64Instructions<A64> {
  // ---- two registers ---------------------------------------------------------------------------

  @Override
  default void fabsV(A64 t, int q, int size, int rn, int rd) {
    FloatLanes.map(t, q, size, rn, rd, a -> FloatOps.absolute(t, size, a));
  }

  @Override
  default void fnegV(A64 t, int q, int size, int rn, int rd) {
    FloatLanes.map(t, q, size, rn, rd, a -> FloatOps.negate(t, size, a));
  }

  @Override
  default void fsqrtV(A64 t, int q, int size, int rn, int rd) {
    FloatLanes.map(t, q, size, rn, rd, a -> FloatOps.arithmetic(t, Op.FSQRT, size, a));
  }

  private static void integral(A64 t, int q, int size, int mode, boolean inexact, int rn, int rd) {
    FloatLanes.map(t, q, size, rn, rd, a -> FloatOps.integral(t, size, mode, inexact, a));
  }

  @Override
  default void frintnV(A64 t, int q, int size, int rn, int rd) {
    integral(t, q, size, 0, false, rn, rd);
  }

  @Override
  default void frintpV(A64 t, int q, int size, int rn, int rd) {
    integral(t, q, size, 1, false, rn, rd);
  }

  @Override
  default void frintmV(A64 t, int q, int size, int rn, int rd) {
    integral(t, q, size, 2, false, rn, rd);
  }

  @Override
  default void frintzV(A64 t, int q, int size, int rn, int rd) {
    integral(t, q, size, 3, false, rn, rd);
  }

  @Override
  default void frintaV(A64 t, int q, int size, int rn, int rd) {
    integral(t, q, size, 4, false, rn, rd);
  }

  @Override
  default void frintxV(A64 t, int q, int size, int rn, int rd) {
    integral(t, q, size, FpDesc.DYNAMIC, true, rn, rd);
  }

  @Override
  default void frintiV(A64 t, int q, int size, int rn, int rd) {
    integral(t, q, size, FpDesc.DYNAMIC, false, rn, rd);
  }

  private static void call(A64 t, FloatCall call, int q, int size, FpDesc desc, int rn, int rd) {
    FloatLanes.map(t, q, size, rn, rd, a -> call.of(t, size, desc, a));
  }

  @Override
  default void frint32zV(A64 t, int q, int size, int rn, int rd) {
    FpDesc desc = FloatOps.desc(t, size).rounding(FloatOps.rounding(3));
    call(t, FloatCall.INTEGRAL_32, q, size, desc, rn, rd);
  }

  @Override
  default void frint32xV(A64 t, int q, int size, int rn, int rd) {
    FpDesc desc = FloatOps.desc(t, size);
    call(t, FloatCall.INTEGRAL_32, q, size, desc, rn, rd);
  }

  @Override
  default void frint64zV(A64 t, int q, int size, int rn, int rd) {
    FpDesc desc = FloatOps.desc(t, size).rounding(FloatOps.rounding(3));
    call(t, FloatCall.INTEGRAL_64, q, size, desc, rn, rd);
  }

  @Override
  default void frint64xV(A64 t, int q, int size, int rn, int rd) {
    FpDesc desc = FloatOps.desc(t, size);
    call(t, FloatCall.INTEGRAL_64, q, size, desc, rn, rd);
  }

  @Override
  default void frecpeV(A64 t, int q, int size, int rn, int rd) {
    call(t, FloatCall.RECIPROCAL, q, size, FloatOps.desc(t, size), rn, rd);
  }

  @Override
  default void frsqrteV(A64 t, int q, int size, int rn, int rd) {
    call(t, FloatCall.RECIPROCAL_ROOT, q, size, FloatOps.desc(t, size), rn, rd);
  }

  @Override
  default void frecpx(A64 t, int size, int rn, int rd) {
    call(t, FloatCall.RECIPROCAL_EXPONENT, 3, size, FloatOps.desc(t, size), rn, rd);
  }

  // ---- three registers -------------------------------------------------------------------------

  private static void arithmetic(A64 t, Op op, int q, int size, int rm, int rn, int rd) {
    FloatLanes.zip(t, q, size, rm, rn, rd, (a, b) -> FloatOps.arithmetic(t, op, size, a, b));
  }

  @Override
  default void faddV(A64 t, int q, int size, int rm, int rn, int rd) {
    arithmetic(t, Op.FADD, q, size, rm, rn, rd);
  }

  @Override
  default void fsubV(A64 t, int q, int size, int rm, int rn, int rd) {
    arithmetic(t, Op.FSUB, q, size, rm, rn, rd);
  }

  @Override
  default void fmulV(A64 t, int q, int size, int rm, int rn, int rd) {
    arithmetic(t, Op.FMUL, q, size, rm, rn, rd);
  }

  @Override
  default void fdivV(A64 t, int q, int size, int rm, int rn, int rd) {
    arithmetic(t, Op.FDIV, q, size, rm, rn, rd);
  }

  @Override
  default void fabdV(A64 t, int q, int size, int rm, int rn, int rd) {
    FloatLanes.zip(
        t,
        q,
        size,
        rm,
        rn,
        rd,
        (a, b) -> FloatOps.absolute(t, size, FloatOps.arithmetic(t, Op.FSUB, size, a, b)));
  }

  private static void call(A64 t, FloatCall call, int q, int size, int rm, int rn, int rd) {
    FpDesc desc = FloatOps.desc(t, size);
    FloatLanes.zip(t, q, size, rm, rn, rd, (a, b) -> call.of(t, size, desc, a, b));
  }

  @Override
  default void fmulxV(A64 t, int q, int size, int rm, int rn, int rd) {
    call(t, FloatCall.MULTIPLY_EXTENDED, q, size, rm, rn, rd);
  }

  @Override
  default void frecpsV(A64 t, int q, int size, int rm, int rn, int rd) {
    call(t, FloatCall.RECIPROCAL_STEP, q, size, rm, rn, rd);
  }

  @Override
  default void frsqrtsV(A64 t, int q, int size, int rm, int rn, int rd) {
    call(t, FloatCall.ROOT_STEP, q, size, rm, rn, rd);
  }

  @Override
  default void fmlaV(A64 t, int q, int size, int rm, int rn, int rd) {
    FloatLanes.accumulate(
        t, q, size, rm, rn, rd, (a, b, c) -> FloatOps.fused(t, size, false, false, a, b, c));
  }

  @Override
  default void fmlsV(A64 t, int q, int size, int rm, int rn, int rd) {
    FloatLanes.accumulate(
        t, q, size, rm, rn, rd, (a, b, c) -> FloatOps.fused(t, size, true, false, a, b, c));
  }

  // ---- minimum and maximum ---------------------------------------------------------------------

  private static void extremes(
      A64 t, Op op, FpDesc.MinMax variant, int q, int size, int rm, int rn, int rd) {
    FloatLanes.zip(t, q, size, rm, rn, rd, (a, b) -> FloatOps.minMax(t, op, variant, size, a, b));
  }

  private static void extremesOfPairs(
      A64 t, Op op, FpDesc.MinMax variant, int q, int size, int rm, int rn, int rd) {
    FloatLanes.pairs(t, q, size, rm, rn, rd, (a, b) -> FloatOps.minMax(t, op, variant, size, a, b));
  }

  private static void extremeOfPair(A64 t, Op op, FpDesc.MinMax variant, int size, int rn, int rd) {
    Value a = FloatOps.get(t, size, rn, 0);
    Value b = FloatOps.get(t, size, rn, 1);
    FloatOps.set(t, size, rd, FloatOps.minMax(t, op, variant, size, a, b));
  }

  private static void extreme(
      A64 t, Op op, FpDesc.MinMax variant, int q, int size, int rn, int rd) {
    Value result =
        FloatLanes.reduce(t, q, size, rn, (a, b) -> FloatOps.minMax(t, op, variant, size, a, b));
    FloatOps.set(t, size, rd, result);
  }

  @Override
  default void fmaxV(A64 t, int q, int size, int rm, int rn, int rd) {
    extremes(t, Op.FMAX, FpDesc.MinMax.NAN_2019, q, size, rm, rn, rd);
  }

  @Override
  default void fminV(A64 t, int q, int size, int rm, int rn, int rd) {
    extremes(t, Op.FMIN, FpDesc.MinMax.NAN_2019, q, size, rm, rn, rd);
  }

  @Override
  default void fmaxnmV(A64 t, int q, int size, int rm, int rn, int rd) {
    extremes(t, Op.FMAX, FpDesc.MinMax.NUMBER_2008, q, size, rm, rn, rd);
  }

  @Override
  default void fminnmV(A64 t, int q, int size, int rm, int rn, int rd) {
    extremes(t, Op.FMIN, FpDesc.MinMax.NUMBER_2008, q, size, rm, rn, rd);
  }

  @Override
  default void fmaxpV(A64 t, int q, int size, int rm, int rn, int rd) {
    extremesOfPairs(t, Op.FMAX, FpDesc.MinMax.NAN_2019, q, size, rm, rn, rd);
  }

  @Override
  default void fminpV(A64 t, int q, int size, int rm, int rn, int rd) {
    extremesOfPairs(t, Op.FMIN, FpDesc.MinMax.NAN_2019, q, size, rm, rn, rd);
  }

  @Override
  default void fmaxnmpV(A64 t, int q, int size, int rm, int rn, int rd) {
    extremesOfPairs(t, Op.FMAX, FpDesc.MinMax.NUMBER_2008, q, size, rm, rn, rd);
  }

  @Override
  default void fminnmpV(A64 t, int q, int size, int rm, int rn, int rd) {
    extremesOfPairs(t, Op.FMIN, FpDesc.MinMax.NUMBER_2008, q, size, rm, rn, rd);
  }

  @Override
  default void fmaxpS(A64 t, int size, int rn, int rd) {
    extremeOfPair(t, Op.FMAX, FpDesc.MinMax.NAN_2019, size, rn, rd);
  }

  @Override
  default void fminpS(A64 t, int size, int rn, int rd) {
    extremeOfPair(t, Op.FMIN, FpDesc.MinMax.NAN_2019, size, rn, rd);
  }

  @Override
  default void fmaxnmpS(A64 t, int size, int rn, int rd) {
    extremeOfPair(t, Op.FMAX, FpDesc.MinMax.NUMBER_2008, size, rn, rd);
  }

  @Override
  default void fminnmpS(A64 t, int size, int rn, int rd) {
    extremeOfPair(t, Op.FMIN, FpDesc.MinMax.NUMBER_2008, size, rn, rd);
  }

  @Override
  default void fmaxv(A64 t, int rn, int rd, int q, int size) {
    extreme(t, Op.FMAX, FpDesc.MinMax.NAN_2019, q, size, rn, rd);
  }

  @Override
  default void fminv(A64 t, int rn, int rd, int q, int size) {
    extreme(t, Op.FMIN, FpDesc.MinMax.NAN_2019, q, size, rn, rd);
  }

  @Override
  default void fmaxnmv(A64 t, int rn, int rd, int q, int size) {
    extreme(t, Op.FMAX, FpDesc.MinMax.NUMBER_2008, q, size, rn, rd);
  }

  @Override
  default void fminnmv(A64 t, int rn, int rd, int q, int size) {
    extreme(t, Op.FMIN, FpDesc.MinMax.NUMBER_2008, q, size, rn, rd);
  }

  @Override
  default void faddpV(A64 t, int q, int size, int rm, int rn, int rd) {
    FloatLanes.pairs(t, q, size, rm, rn, rd, (a, b) -> FloatOps.arithmetic(t, Op.FADD, size, a, b));
  }

  @Override
  default void faddpS(A64 t, int size, int rn, int rd) {
    Value a = FloatOps.get(t, size, rn, 0);
    Value b = FloatOps.get(t, size, rn, 1);
    FloatOps.set(t, size, rd, FloatOps.arithmetic(t, Op.FADD, size, a, b));
  }

  // ---- comparisons -----------------------------------------------------------------------------

  /** All ones where it holds. */
  private static Value mask(
      A64 t, int size, FpDesc.Relation relation, boolean signaling, Value a, Value b) {
    FpDesc desc = FloatOps.desc(t, size).relation(relation);
    desc = signaling ? desc.signaling() : desc;
    return t.e().neg(t.e().fpTo(Op.FCMP, desc, FloatOps.type(size), a, b));
  }

  @Override
  default void fcmeqV(A64 t, int q, int size, int rm, int rn, int rd) {
    FloatLanes.zip(
        t, q, size, rm, rn, rd, (a, b) -> mask(t, size, FpDesc.Relation.EQ, false, a, b));
  }

  @Override
  default void fcmgeV(A64 t, int q, int size, int rm, int rn, int rd) {
    FloatLanes.zip(t, q, size, rm, rn, rd, (a, b) -> mask(t, size, FpDesc.Relation.LE, true, b, a));
  }

  @Override
  default void fcmgtV(A64 t, int q, int size, int rm, int rn, int rd) {
    FloatLanes.zip(t, q, size, rm, rn, rd, (a, b) -> mask(t, size, FpDesc.Relation.LT, true, b, a));
  }

  private static void absolute(
      A64 t, FpDesc.Relation relation, int q, int size, int rm, int rn, int rd) {
    FloatLanes.zip(
        t,
        q,
        size,
        rm,
        rn,
        rd,
        (a, b) -> {
          Value x = FloatOps.absolute(t, size, a);
          Value y = FloatOps.absolute(t, size, b);
          return mask(t, size, relation, true, y, x);
        });
  }

  @Override
  default void facgeV(A64 t, int q, int size, int rm, int rn, int rd) {
    absolute(t, FpDesc.Relation.LE, q, size, rm, rn, rd);
  }

  @Override
  default void facgtV(A64 t, int q, int size, int rm, int rn, int rd) {
    absolute(t, FpDesc.Relation.LT, q, size, rm, rn, rd);
  }

  private static Value zero(A64 t, int size) {
    return t.e().constant(FloatOps.type(size), 0);
  }

  @Override
  default void fcmeqZ(A64 t, int q, int size, int rn, int rd) {
    FloatLanes.map(
        t, q, size, rn, rd, a -> mask(t, size, FpDesc.Relation.EQ, false, a, zero(t, size)));
  }

  @Override
  default void fcmgeZ(A64 t, int q, int size, int rn, int rd) {
    FloatLanes.map(
        t, q, size, rn, rd, a -> mask(t, size, FpDesc.Relation.LE, true, zero(t, size), a));
  }

  @Override
  default void fcmgtZ(A64 t, int q, int size, int rn, int rd) {
    FloatLanes.map(
        t, q, size, rn, rd, a -> mask(t, size, FpDesc.Relation.LT, true, zero(t, size), a));
  }

  @Override
  default void fcmleZ(A64 t, int q, int size, int rn, int rd) {
    FloatLanes.map(
        t, q, size, rn, rd, a -> mask(t, size, FpDesc.Relation.LE, true, a, zero(t, size)));
  }

  @Override
  default void fcmltZ(A64 t, int q, int size, int rn, int rd) {
    FloatLanes.map(
        t, q, size, rn, rd, a -> mask(t, size, FpDesc.Relation.LT, true, a, zero(t, size)));
  }
}
