package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.VectorOp;

/** SIMD instructions of three registers with lanes of one size. Source: DDI 0487, C7.2. */
interface A64SimdSame extends A64Instructions<A64> {
  // ---- three registers of one kind
  // -----------------------------------------------------------------

  @Override
  default void shaddV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.HADD, true, q, size, rm, rn, rd);
  }

  @Override
  default void uhaddV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.HADD, false, q, size, rm, rn, rd);
  }

  @Override
  default void sqaddV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.QADD, true, q, size, rm, rn, rd);
  }

  @Override
  default void uqaddV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.QADD, false, q, size, rm, rn, rd);
  }

  @Override
  default void srhaddV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.RHADD, true, q, size, rm, rn, rd);
  }

  @Override
  default void urhaddV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.RHADD, false, q, size, rm, rn, rd);
  }

  @Override
  default void shsubV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.HSUB, true, q, size, rm, rn, rd);
  }

  @Override
  default void uhsubV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.HSUB, false, q, size, rm, rn, rd);
  }

  @Override
  default void sqsubV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.QSUB, true, q, size, rm, rn, rd);
  }

  @Override
  default void uqsubV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.QSUB, false, q, size, rm, rn, rd);
  }

  @Override
  default void cmgtV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.CMGT, true, q, size, rm, rn, rd);
  }

  @Override
  default void cmhiV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.CMGT, false, q, size, rm, rn, rd);
  }

  @Override
  default void cmgeV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.CMGE, true, q, size, rm, rn, rd);
  }

  @Override
  default void cmhsV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.CMGE, false, q, size, rm, rn, rd);
  }

  @Override
  default void sshlV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.SHIFT, true, q, size, rm, rn, rd);
  }

  @Override
  default void ushlV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.SHIFT, false, q, size, rm, rn, rd);
  }

  @Override
  default void sqshlV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.QSHIFT, true, q, size, rm, rn, rd);
  }

  @Override
  default void uqshlV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.QSHIFT, false, q, size, rm, rn, rd);
  }

  @Override
  default void srshlV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.RSHIFT, true, q, size, rm, rn, rd);
  }

  @Override
  default void urshlV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.RSHIFT, false, q, size, rm, rn, rd);
  }

  @Override
  default void sqrshlV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.QRSHIFT, true, q, size, rm, rn, rd);
  }

  @Override
  default void uqrshlV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.QRSHIFT, false, q, size, rm, rn, rd);
  }

  @Override
  default void smaxV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.MAX, true, q, size, rm, rn, rd);
  }

  @Override
  default void umaxV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.MAX, false, q, size, rm, rn, rd);
  }

  @Override
  default void sminV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.MIN, true, q, size, rm, rn, rd);
  }

  @Override
  default void uminV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.MIN, false, q, size, rm, rn, rd);
  }

  @Override
  default void sabdV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.ABD, true, q, size, rm, rn, rd);
  }

  @Override
  default void uabdV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.ABD, false, q, size, rm, rn, rd);
  }

  @Override
  default void sabaV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.ABA, true, q, size, rm, rn, rd);
  }

  @Override
  default void uabaV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.ABA, false, q, size, rm, rn, rd);
  }

  @Override
  default void addV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.ADD, false, q, size, rm, rn, rd);
  }

  @Override
  default void subV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.SUB, false, q, size, rm, rn, rd);
  }

  @Override
  default void cmtstV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.CMTST, false, q, size, rm, rn, rd);
  }

  @Override
  default void cmeqV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.CMEQ, false, q, size, rm, rn, rd);
  }

  @Override
  default void mlaV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.MLA, false, q, size, rm, rn, rd);
  }

  @Override
  default void mlsV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.MLS, false, q, size, rm, rn, rd);
  }

  @Override
  default void mulV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.MUL, false, q, size, rm, rn, rd);
  }

  @Override
  default void smaxpV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.MAXP, true, q, size, rm, rn, rd);
  }

  @Override
  default void umaxpV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.MAXP, false, q, size, rm, rn, rd);
  }

  @Override
  default void sminpV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.MINP, true, q, size, rm, rn, rd);
  }

  @Override
  default void uminpV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.MINP, false, q, size, rm, rn, rd);
  }

  @Override
  default void sqdmulhV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.QDMULH, true, q, size, rm, rn, rd);
  }

  @Override
  default void sqrdmulhV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.QRDMULH, true, q, size, rm, rn, rd);
  }

  @Override
  default void addpV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.ADDP, false, q, size, rm, rn, rd);
  }

  @Override
  default void andV(A64 t, int q, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.AND, false, q, Simd.DOUBLES, rm, rn, rd);
  }

  @Override
  default void bicV(A64 t, int q, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.ANDC, false, q, Simd.DOUBLES, rm, rn, rd);
  }

  @Override
  default void orrV(A64 t, int q, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.OR, false, q, Simd.DOUBLES, rm, rn, rd);
  }

  @Override
  default void ornV(A64 t, int q, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.ORC, false, q, Simd.DOUBLES, rm, rn, rd);
  }

  @Override
  default void eorV(A64 t, int q, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.XOR, false, q, Simd.DOUBLES, rm, rn, rd);
  }

  @Override
  default void pmulV(A64 t, int q, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.PMUL, false, q, Simd.BYTES, rm, rn, rd);
  }

  @Override
  default void bslV(A64 t, int q, int rm, int rn, int rd) {
    Simd.select(t, q, rd, rn, rm, rd);
  }

  @Override
  default void bitV(A64 t, int q, int rm, int rn, int rd) {
    Simd.select(t, q, rm, rn, rd, rd);
  }

  @Override
  default void bifV(A64 t, int q, int rm, int rn, int rd) {
    Simd.select(t, q, rm, rd, rn, rd);
  }

  // ---- rounding, dot products and matrices
  // ---------------------------------------------------------

  @Override
  default void sqrdmlahV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.QRDMLAH, true, q, size, rm, rn, rd);
  }

  @Override
  default void sqrdmlshV(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.QRDMLSH, true, q, size, rm, rn, rd);
  }

  @Override
  default void sdotV(A64 t, int q, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.DOT, true, q, Simd.SINGLES, rm, rn, rd);
  }

  @Override
  default void udotV(A64 t, int q, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.DOT, false, q, Simd.SINGLES, rm, rn, rd);
  }

  @Override
  default void usdotV(A64 t, int q, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.USDOT, false, q, Simd.SINGLES, rm, rn, rd);
  }

  @Override
  default void smmla(A64 t, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.MMLA, true, 1, Simd.SINGLES, rm, rn, rd);
  }

  @Override
  default void ummla(A64 t, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.MMLA, false, 1, Simd.SINGLES, rm, rn, rd);
  }

  @Override
  default void usmmla(A64 t, int rm, int rn, int rd) {
    Simd.same(t, VectorOp.USMMLA, false, 1, Simd.SINGLES, rm, rn, rd);
  }
}
