package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.VectorOp;

/** SIMD instructions of three registers with lanes of two sizes. Source: DDI 0487, C7.2. */
interface A64SimdDifferent extends A64Instructions<A64> {
  // ---- to lanes of twice the size
  // ------------------------------------------------------------------

  @Override
  default void saddlV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.ADD, true, q, size, rm, rn, rd);
  }

  @Override
  default void uaddlV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.ADD, false, q, size, rm, rn, rd);
  }

  @Override
  default void ssublV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.SUB, true, q, size, rm, rn, rd);
  }

  @Override
  default void usublV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.SUB, false, q, size, rm, rn, rd);
  }

  @Override
  default void sabalV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.ABA, true, q, size, rm, rn, rd);
  }

  @Override
  default void uabalV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.ABA, false, q, size, rm, rn, rd);
  }

  @Override
  default void sabdlV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.ABD, true, q, size, rm, rn, rd);
  }

  @Override
  default void uabdlV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.ABD, false, q, size, rm, rn, rd);
  }

  @Override
  default void smlalV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.MLA, true, q, size, rm, rn, rd);
  }

  @Override
  default void umlalV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.MLA, false, q, size, rm, rn, rd);
  }

  @Override
  default void sqdmlalV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.QDMLAL, true, q, size, rm, rn, rd);
  }

  @Override
  default void smlslV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.MLS, true, q, size, rm, rn, rd);
  }

  @Override
  default void umlslV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.MLS, false, q, size, rm, rn, rd);
  }

  @Override
  default void sqdmlslV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.QDMLSL, true, q, size, rm, rn, rd);
  }

  @Override
  default void smullV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.MUL, true, q, size, rm, rn, rd);
  }

  @Override
  default void umullV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.MUL, false, q, size, rm, rn, rd);
  }

  @Override
  default void sqdmullV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.QDMULL, true, q, size, rm, rn, rd);
  }

  @Override
  default void pmullB(A64 t, int q, int rm, int rn, int rd) {
    Simd.widening(t, VectorOp.PMUL, false, q, Simd.BYTES, rm, rn, rd);
  }

  @Override
  default void pmullD(A64 t, int q, int rm, int rn, int rd) {
    Simd.product128(t, q, rm, rn, rd);
  }

  // ---- with one register of lanes of twice the size
  // ------------------------------------------------

  @Override
  default void saddwV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.wide(t, VectorOp.ADD, true, q, size, rm, rn, rd);
  }

  @Override
  default void uaddwV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.wide(t, VectorOp.ADD, false, q, size, rm, rn, rd);
  }

  @Override
  default void ssubwV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.wide(t, VectorOp.SUB, true, q, size, rm, rn, rd);
  }

  @Override
  default void usubwV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.wide(t, VectorOp.SUB, false, q, size, rm, rn, rd);
  }

  // ---- to lanes of half the size
  // -------------------------------------------------------------------

  @Override
  default void addhnV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.narrowing(t, VectorOp.ADDHN, q, size, rm, rn, rd);
  }

  @Override
  default void raddhnV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.narrowing(t, VectorOp.RADDHN, q, size, rm, rn, rd);
  }

  @Override
  default void subhnV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.narrowing(t, VectorOp.SUBHN, q, size, rm, rn, rd);
  }

  @Override
  default void rsubhnV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.narrowing(t, VectorOp.RSUBHN, q, size, rm, rn, rd);
  }
}
