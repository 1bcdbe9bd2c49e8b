package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.VectorOp;

/** SIMD instructions of two registers, and across the lanes of one. Source: DDI 0487, C7.2. */
interface A64SimdMisc extends A64Instructions<A64> {
  // ---- two registers
  // -------------------------------------------------------------------------------

  @Override
  default void clsV(A64 t, int q, int size, int rn, int rd) {
    Simd.one(t, VectorOp.CLS, true, q, size, rn, rd);
  }

  @Override
  default void clzV(A64 t, int q, int size, int rn, int rd) {
    Simd.one(t, VectorOp.CLZ, false, q, size, rn, rd);
  }

  @Override
  default void sqabsV(A64 t, int q, int size, int rn, int rd) {
    Simd.one(t, VectorOp.QABS, true, q, size, rn, rd);
  }

  @Override
  default void sqnegV(A64 t, int q, int size, int rn, int rd) {
    Simd.one(t, VectorOp.QNEG, true, q, size, rn, rd);
  }

  @Override
  default void absV(A64 t, int q, int size, int rn, int rd) {
    Simd.one(t, VectorOp.ABS, true, q, size, rn, rd);
  }

  @Override
  default void negV(A64 t, int q, int size, int rn, int rd) {
    Simd.one(t, VectorOp.NEG, false, q, size, rn, rd);
  }

  @Override
  default void cntV(A64 t, int q, int rn, int rd) {
    Simd.one(t, VectorOp.CNT, false, q, Simd.BYTES, rn, rd);
  }

  @Override
  default void notV(A64 t, int q, int rn, int rd) {
    Simd.one(t, VectorOp.NOT, false, q, Simd.DOUBLES, rn, rd);
  }

  @Override
  default void rbitV(A64 t, int q, int rn, int rd) {
    Simd.one(t, VectorOp.RBIT, false, q, Simd.BYTES, rn, rd);
  }

  @Override
  default void urecpe(A64 t, int q, int rn, int rd) {
    Simd.one(t, VectorOp.RECPE, false, q, Simd.SINGLES, rn, rd);
  }

  @Override
  default void ursqrte(A64 t, int q, int rn, int rd) {
    Simd.one(t, VectorOp.RSQRTE, false, q, Simd.SINGLES, rn, rd);
  }

  @Override
  default void rev64V(A64 t, int q, int size, int rn, int rd) {
    Simd.reverse(t, q, Simd.DOUBLES, size, rn, rd);
  }

  @Override
  default void rev32V(A64 t, int q, int size, int rn, int rd) {
    Simd.reverse(t, q, Simd.SINGLES, size, rn, rd);
  }

  @Override
  default void rev16V(A64 t, int q, int rn, int rd) {
    Simd.reverse(t, q, Simd.HALVES, Simd.BYTES, rn, rd);
  }

  @Override
  default void suqaddV(A64 t, int q, int size, int rn, int rd) {
    Simd.same(t, VectorOp.SUQADD, true, q, size, rn, rd, rd);
  }

  @Override
  default void usqaddV(A64 t, int q, int size, int rn, int rd) {
    Simd.same(t, VectorOp.USQADD, true, q, size, rn, rd, rd);
  }

  @Override
  default void saddlpV(A64 t, int q, int size, int rn, int rd) {
    Simd.one(t, VectorOp.ADDLP, true, q, size + 1, rn, rd);
  }

  @Override
  default void uaddlpV(A64 t, int q, int size, int rn, int rd) {
    Simd.one(t, VectorOp.ADDLP, false, q, size + 1, rn, rd);
  }

  @Override
  default void sadalpV(A64 t, int q, int size, int rn, int rd) {
    Simd.accumulate(t, VectorOp.ADALP, true, q, size + 1, 0, rn, rd);
  }

  @Override
  default void uadalpV(A64 t, int q, int size, int rn, int rd) {
    Simd.accumulate(t, VectorOp.ADALP, false, q, size + 1, 0, rn, rd);
  }

  // ---- comparisons with zero
  // -----------------------------------------------------------------------

  @Override
  default void cmgtZ(A64 t, int q, int size, int rn, int rd) {
    Simd.withZero(t, VectorOp.CMGT, true, q, size, rn, rd);
  }

  @Override
  default void cmgeZ(A64 t, int q, int size, int rn, int rd) {
    Simd.withZero(t, VectorOp.CMGE, true, q, size, rn, rd);
  }

  @Override
  default void cmeqZ(A64 t, int q, int size, int rn, int rd) {
    Simd.withZero(t, VectorOp.CMEQ, true, q, size, rn, rd);
  }

  @Override
  default void cmleZ(A64 t, int q, int size, int rn, int rd) {
    Simd.withZero(t, VectorOp.CMGE, false, q, size, rn, rd);
  }

  @Override
  default void cmltZ(A64 t, int q, int size, int rn, int rd) {
    Simd.withZero(t, VectorOp.CMGT, false, q, size, rn, rd);
  }

  // ---- to lanes of half or twice the size
  // ----------------------------------------------------------

  @Override
  default void xtnV(A64 t, int q, int size, int rn, int rd) {
    Simd.shiftNarrow(t, VectorOp.SHR, false, q, size, 0, rn, rd);
  }

  @Override
  default void sqxtunV(A64 t, int q, int size, int rn, int rd) {
    Simd.shiftNarrow(t, VectorOp.QSHRUN, true, q, size, 0, rn, rd);
  }

  @Override
  default void sqxtnV(A64 t, int q, int size, int rn, int rd) {
    Simd.shiftNarrow(t, VectorOp.QSHRN, true, q, size, 0, rn, rd);
  }

  @Override
  default void uqxtnV(A64 t, int q, int size, int rn, int rd) {
    Simd.shiftNarrow(t, VectorOp.QSHRN, false, q, size, 0, rn, rd);
  }

  @Override
  default void shllV(A64 t, int q, int size, int rn, int rd) {
    Simd.shiftLong(t, false, q, size, 8 << size, rn, rd);
  }

  // ---- across lanes
  // --------------------------------------------------------------------------------

  @Override
  default void smaxv(A64 t, int q, int size, int rn, int rd) {
    Simd.across(t, VectorOp.MAXV, true, q, size, rn, rd);
  }

  @Override
  default void umaxv(A64 t, int q, int size, int rn, int rd) {
    Simd.across(t, VectorOp.MAXV, false, q, size, rn, rd);
  }

  @Override
  default void sminv(A64 t, int q, int size, int rn, int rd) {
    Simd.across(t, VectorOp.MINV, true, q, size, rn, rd);
  }

  @Override
  default void uminv(A64 t, int q, int size, int rn, int rd) {
    Simd.across(t, VectorOp.MINV, false, q, size, rn, rd);
  }

  @Override
  default void addv(A64 t, int q, int size, int rn, int rd) {
    Simd.across(t, VectorOp.ADDV, false, q, size, rn, rd);
  }

  @Override
  default void saddlv(A64 t, int q, int size, int rn, int rd) {
    Simd.sumLong(t, true, q, size, rn, rd);
  }

  @Override
  default void uaddlv(A64 t, int q, int size, int rn, int rd) {
    Simd.sumLong(t, false, q, size, rn, rd);
  }

  @Override
  default void addpS(A64 t, int rn, int rd) {
    Simd.across(t, VectorOp.ADDV, false, 1, Simd.DOUBLES, rn, rd);
  }
}
