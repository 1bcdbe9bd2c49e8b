package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.VectorOp;

/** SIMD instructions of every lane with one lane of a register. Source: DDI 0487, C7.2. */
interface A64SimdElement extends A64Instructions<A64> {
  @Override
  default void mulE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Simd.byElement(t, VectorOp.MUL, true, q, size, rm, index, rn, rd);
  }

  @Override
  default void mlaE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Simd.byElement(t, VectorOp.MLA, true, q, size, rm, index, rn, rd);
  }

  @Override
  default void mlsE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Simd.byElement(t, VectorOp.MLS, true, q, size, rm, index, rn, rd);
  }

  @Override
  default void sqdmulhE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Simd.byElement(t, VectorOp.QDMULH, true, q, size, rm, index, rn, rd);
  }

  @Override
  default void sqrdmulhE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Simd.byElement(t, VectorOp.QRDMULH, true, q, size, rm, index, rn, rd);
  }

  @Override
  default void sqrdmlahE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Simd.byElement(t, VectorOp.QRDMLAH, true, q, size, rm, index, rn, rd);
  }

  @Override
  default void sqrdmlshE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Simd.byElement(t, VectorOp.QRDMLSH, true, q, size, rm, index, rn, rd);
  }

  @Override
  default void smullE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Simd.wideningByElement(t, VectorOp.MUL, true, q, size, rm, index, rn, rd);
  }

  @Override
  default void umullE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Simd.wideningByElement(t, VectorOp.MUL, false, q, size, rm, index, rn, rd);
  }

  @Override
  default void smlalE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Simd.wideningByElement(t, VectorOp.MLA, true, q, size, rm, index, rn, rd);
  }

  @Override
  default void umlalE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Simd.wideningByElement(t, VectorOp.MLA, false, q, size, rm, index, rn, rd);
  }

  @Override
  default void smlslE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Simd.wideningByElement(t, VectorOp.MLS, true, q, size, rm, index, rn, rd);
  }

  @Override
  default void umlslE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Simd.wideningByElement(t, VectorOp.MLS, false, q, size, rm, index, rn, rd);
  }

  @Override
  default void sqdmullE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Simd.wideningByElement(t, VectorOp.QDMULL, true, q, size, rm, index, rn, rd);
  }

  @Override
  default void sqdmlalE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Simd.wideningByElement(t, VectorOp.QDMLAL, true, q, size, rm, index, rn, rd);
  }

  @Override
  default void sqdmlslE(A64 t, int q, int size, int rm, int index, int rn, int rd) {
    Simd.wideningByElement(t, VectorOp.QDMLSL, true, q, size, rm, index, rn, rd);
  }

  @Override
  default void sdotE(A64 t, int q, int rm, int index, int rn, int rd) {
    Simd.byElement(t, VectorOp.DOT, true, q, Simd.SINGLES, rm, index, rn, rd);
  }

  @Override
  default void udotE(A64 t, int q, int rm, int index, int rn, int rd) {
    Simd.byElement(t, VectorOp.DOT, false, q, Simd.SINGLES, rm, index, rn, rd);
  }

  @Override
  default void sudotE(A64 t, int q, int rm, int index, int rn, int rd) {
    Simd.byElement(t, VectorOp.SUDOT, false, q, Simd.SINGLES, rm, index, rn, rd);
  }

  @Override
  default void usdotE(A64 t, int q, int rm, int index, int rn, int rd) {
    Simd.byElement(t, VectorOp.USDOT, false, q, Simd.SINGLES, rm, index, rn, rd);
  }
}
