package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmMode;
import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Value;
import java.util.function.IntUnaryOperator;

/**
 * Floating point of vectors with one element of another, complex numbers, and products of halves
 * and BFloat16. Source: DDI 0487, C7.2.
 */
interface A64FloatProduct extends A64Instructions<A64> {
  // ---- by element ------------------------------------------------------------------------------

  @Override
  default void fmulE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Value b = FloatOps.get(t, size, rm, index);
    FloatLanes.map(t, q, size, rn, rd, a -> FloatOps.arithmetic(t, Op.FMUL, size, a, b));
  }

  @Override
  default void fmulxE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Value b = FloatOps.get(t, size, rm, index);
    FpDesc desc = FloatOps.desc(t, size);
    FloatLanes.map(t, q, size, rn, rd, a -> FloatCall.MULTIPLY_EXTENDED.of(t, size, desc, a, b));
  }

  private static void fused(
      A64 t, boolean negated, int q, int size, int rm, int index, int rn, int rd) {
    Value b = FloatOps.get(t, size, rm, index);
    FloatLanes.accumulate(
        t, q, size, rn, rn, rd, (a, same, c) -> FloatOps.fused(t, size, negated, false, a, b, c));
  }

  @Override
  default void fmlaE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    fused(t, false, q, size, rm, index, rn, rd);
  }

  @Override
  default void fmlsE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    fused(t, true, q, size, rm, index, rn, rd);
  }

  // ---- complex numbers -------------------------------------------------------------------------

  /** The part, real or imaginary, of a number that is multiplied with n, negated or not. */
  private static Value turned(A64 t, int size, int rm, int lane, boolean negated) {
    Value part = FloatOps.get(t, size, rm, lane);
    return negated ? FloatOps.negate(t, size, part) : part;
  }

  /**
   * Half of a complex product, turned by rot quarters.
   *
   * @param pair the number of the first part of m for a pair of lanes
   */
  private static void complex(
      A64 t, int q, int size, int rm, int rot, int rn, int rd, IntUnaryOperator pair) {
    int swapped = rot & 1;
    FloatLanes.write(
        t,
        q,
        size,
        rd,
        i -> {
          int part = i & 1;
          Value a = FloatOps.get(t, size, rn, (i & ~1) + swapped);
          boolean negated = part == 0 ? rot == 1 || rot == 2 : rot >= 2;
          Value b = turned(t, size, rm, pair.applyAsInt(i & ~1) + (part ^ swapped), negated);
          return FloatOps.fused(t, size, false, false, a, b, FloatOps.get(t, size, rd, i));
        });
  }

  @Override
  default void fcmlaV(A64 t, int q, int size, int rm, int rn, int rd, int rot) {
    complex(t, q, size, rm, rot, rn, rd, i -> i);
  }

  @Override
  default void fcmlaEh(A64 t, int q, int size, int rm, int index, int rot, int rn, int rd) {
    complex(t, q, size, rm, rot, rn, rd, i -> 2 * index);
  }

  /** rot is 0 for a quarter turn, 1 for three. */
  @Override
  default void fcaddV(A64 t, int q, int size, int rm, int rn, int rd, int rot) {
    FloatLanes.write(
        t,
        q,
        size,
        rd,
        i -> {
          int part = i & 1;
          Value b = turned(t, size, rm, i ^ 1, part == rot);
          return FloatOps.arithmetic(t, Op.FADD, size, FloatOps.get(t, size, rn, i), b);
        });
  }

  // ---- products of halves ----------------------------------------------------------------------

  /**
   * Adds products of halves to singles.
   *
   * @param upper whether the halves are from the upper half of the sources, as long as the result
   * @param lane the number of m's half for a lane
   */
  private static void halves(
      A64 t, boolean negated, boolean upper, int q, int rm, int rn, int rd, IntUnaryOperator lane) {
    var e = t.e();
    int first = upper ? 2 << q : 0;
    long flushes = ArmMode.flushesHalves(t.mode()) ? 1L << 32 : 0;
    FloatLanes.write(
        t,
        q,
        2,
        rd,
        i -> {
          Value a = FloatOps.get(t, 1, rn, first + i);
          a = negated ? FloatOps.negate(t, 1, a) : a;
          Value b = FloatOps.get(t, 1, rm, lane.applyAsInt(first + i));
          Value both = e.or(e.widenUnsigned(e.or(a, e.shl(b, 16))), flushes);
          Value addend = FloatOps.get(t, 2, rd, i);
          return FloatCall.MULTIPLY_HALVES.of(t, 2, FloatOps.desc(t, 2), addend, both);
        });
  }

  @Override
  default void fmlalV(A64 t, int q, int rm, int rn, int rd) {
    halves(t, false, false, q, rm, rn, rd, i -> i);
  }

  @Override
  default void fmlalE(A64 t, int q, int rm, int index, int rn, int rd) {
    halves(t, false, false, q, rm, rn, rd, i -> index);
  }

  @Override
  default void fmlslV(A64 t, int q, int rm, int rn, int rd) {
    halves(t, true, false, q, rm, rn, rd, i -> i);
  }

  @Override
  default void fmlslE(A64 t, int q, int rm, int index, int rn, int rd) {
    halves(t, true, false, q, rm, rn, rd, i -> index);
  }

  @Override
  default void fmlal2V(A64 t, int q, int rm, int rn, int rd) {
    halves(t, false, true, q, rm, rn, rd, i -> i);
  }

  @Override
  default void fmlal2E(A64 t, int q, int rm, int index, int rn, int rd) {
    halves(t, false, true, q, rm, rn, rd, i -> index);
  }

  @Override
  default void fmlsl2V(A64 t, int q, int rm, int rn, int rd) {
    halves(t, true, true, q, rm, rn, rd, i -> i);
  }

  @Override
  default void fmlsl2E(A64 t, int q, int rm, int index, int rn, int rd) {
    halves(t, true, true, q, rm, rn, rd, i -> index);
  }

  // ---- products of BFloat16 --------------------------------------------------------------------

  private static Value dot(A64 t, Value addend, Value a, Value b) {
    var e = t.e();
    Value pairs = e.or(e.widenUnsigned(a), e.shl(e.widenUnsigned(b), 32));
    return FloatCall.BFLOAT_DOT.of(t, 2, FpDesc.of(FpDesc.Format.F32), addend, pairs);
  }

  @Override
  default void bfdotV(A64 t, int q, int rm, int rn, int rd) {
    FloatLanes.accumulate(t, q, 2, rm, rn, rd, (a, b, c) -> dot(t, c, a, b));
  }

  @Override
  default void bfdotE(A64 t, int q, int rm, int index, int rn, int rd) {
    Value b = FloatOps.get(t, 2, rm, index);
    FloatLanes.accumulate(t, q, 2, rn, rn, rd, (a, same, c) -> dot(t, c, a, b));
  }

  /** Two rows of four elements times two columns. */
  @Override
  default void bfmmla(A64 t, int rm, int rn, int rd) {
    FloatLanes.write(
        t,
        1,
        2,
        rd,
        i -> {
          int row = i & 2;
          int column = 2 * (i & 1);
          Value sum = FloatOps.get(t, 2, rd, i);
          sum = dot(t, sum, FloatOps.get(t, 2, rn, row), FloatOps.get(t, 2, rm, column));
          return dot(t, sum, FloatOps.get(t, 2, rn, row + 1), FloatOps.get(t, 2, rm, column + 1));
        });
  }

  private static void bfloats(A64 t, int top, int rm, int rn, int rd, IntUnaryOperator lane) {
    FloatLanes.write(
        t,
        1,
        2,
        rd,
        i -> {
          Value a = t.e().shl(FloatOps.get(t, 1, rn, 2 * i + top), 16);
          Value b = t.e().shl(FloatOps.get(t, 1, rm, lane.applyAsInt(2 * i + top)), 16);
          return FloatOps.fused(t, 2, false, false, a, b, FloatOps.get(t, 2, rd, i));
        });
  }

  @Override
  default void bfmlalV(A64 t, int top, int rm, int rn, int rd) {
    bfloats(t, top, rm, rn, rd, i -> i);
  }

  @Override
  default void bfmlalE(A64 t, int top, int rm, int index, int rn, int rd) {
    bfloats(t, top, rm, rn, rd, i -> index);
  }
}
