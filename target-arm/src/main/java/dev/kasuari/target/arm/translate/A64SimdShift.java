package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.isa.A64Immediates;
import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.VectorOp;

/** SIMD shifts by an immediate. Source: DDI 0487, C7.2. */
interface A64SimdShift extends A64Instructions<A64> {
  private static int size(int imm) {
    return A64Immediates.shiftSize(imm);
  }

  private static void right(A64 t, VectorOp op, boolean signed, int q, int imm, int rn, int rd) {
    Simd.shift(t, op, signed, q, size(imm), A64Immediates.shiftRight(imm), rn, rd);
  }

  private static void left(A64 t, VectorOp op, boolean signed, int q, int imm, int rn, int rd) {
    Simd.shift(t, op, signed, q, size(imm), A64Immediates.shiftLeft(imm), rn, rd);
  }

  private static void narrow(A64 t, VectorOp op, boolean signed, int q, int imm, int rn, int rd) {
    Simd.shiftNarrow(t, op, signed, q, size(imm), A64Immediates.shiftRight(imm), rn, rd);
  }

  // ---- of lanes
  // ------------------------------------------------------------------------------------

  @Override
  default void sshrI(A64 t, int q, int imm, int rn, int rd) {
    right(t, VectorOp.SHR, true, q, imm, rn, rd);
  }

  @Override
  default void ushrI(A64 t, int q, int imm, int rn, int rd) {
    right(t, VectorOp.SHR, false, q, imm, rn, rd);
  }

  @Override
  default void srshrI(A64 t, int q, int imm, int rn, int rd) {
    right(t, VectorOp.RSHR, true, q, imm, rn, rd);
  }

  @Override
  default void urshrI(A64 t, int q, int imm, int rn, int rd) {
    right(t, VectorOp.RSHR, false, q, imm, rn, rd);
  }

  @Override
  default void shlI(A64 t, int q, int imm, int rn, int rd) {
    left(t, VectorOp.SHL, false, q, imm, rn, rd);
  }

  @Override
  default void sqshluI(A64 t, int q, int imm, int rn, int rd) {
    left(t, VectorOp.QSHLU, true, q, imm, rn, rd);
  }

  @Override
  default void sqshlI(A64 t, int q, int imm, int rn, int rd) {
    left(t, VectorOp.QSHL, true, q, imm, rn, rd);
  }

  @Override
  default void uqshlI(A64 t, int q, int imm, int rn, int rd) {
    left(t, VectorOp.QSHL, false, q, imm, rn, rd);
  }

  @Override
  default void ssraI(A64 t, int q, int imm, int rn, int rd) {
    Simd.accumulate(t, VectorOp.SHRA, true, q, size(imm), A64Immediates.shiftRight(imm), rn, rd);
  }

  @Override
  default void usraI(A64 t, int q, int imm, int rn, int rd) {
    Simd.accumulate(t, VectorOp.SHRA, false, q, size(imm), A64Immediates.shiftRight(imm), rn, rd);
  }

  @Override
  default void srsraI(A64 t, int q, int imm, int rn, int rd) {
    Simd.accumulate(t, VectorOp.RSHRA, true, q, size(imm), A64Immediates.shiftRight(imm), rn, rd);
  }

  @Override
  default void ursraI(A64 t, int q, int imm, int rn, int rd) {
    Simd.accumulate(t, VectorOp.RSHRA, false, q, size(imm), A64Immediates.shiftRight(imm), rn, rd);
  }

  @Override
  default void sriI(A64 t, int q, int imm, int rn, int rd) {
    Simd.accumulate(t, VectorOp.SRI, false, q, size(imm), A64Immediates.shiftRight(imm), rn, rd);
  }

  @Override
  default void sliI(A64 t, int q, int imm, int rn, int rd) {
    Simd.accumulate(t, VectorOp.SLI, false, q, size(imm), A64Immediates.shiftLeft(imm), rn, rd);
  }

  // ---- to lanes of half or twice the size
  // ----------------------------------------------------------

  @Override
  default void shrnI(A64 t, int q, int imm, int rn, int rd) {
    narrow(t, VectorOp.SHR, false, q, imm, rn, rd);
  }

  @Override
  default void rshrnI(A64 t, int q, int imm, int rn, int rd) {
    narrow(t, VectorOp.RSHR, false, q, imm, rn, rd);
  }

  @Override
  default void sqshrunI(A64 t, int q, int imm, int rn, int rd) {
    narrow(t, VectorOp.QSHRUN, true, q, imm, rn, rd);
  }

  @Override
  default void sqrshrunI(A64 t, int q, int imm, int rn, int rd) {
    narrow(t, VectorOp.QRSHRUN, true, q, imm, rn, rd);
  }

  @Override
  default void sqshrnI(A64 t, int q, int imm, int rn, int rd) {
    narrow(t, VectorOp.QSHRN, true, q, imm, rn, rd);
  }

  @Override
  default void uqshrnI(A64 t, int q, int imm, int rn, int rd) {
    narrow(t, VectorOp.QSHRN, false, q, imm, rn, rd);
  }

  @Override
  default void sqrshrnI(A64 t, int q, int imm, int rn, int rd) {
    narrow(t, VectorOp.QRSHRN, true, q, imm, rn, rd);
  }

  @Override
  default void uqrshrnI(A64 t, int q, int imm, int rn, int rd) {
    narrow(t, VectorOp.QRSHRN, false, q, imm, rn, rd);
  }

  @Override
  default void sshllI(A64 t, int q, int imm, int rn, int rd) {
    Simd.shiftLong(t, true, q, size(imm), A64Immediates.shiftLeft(imm), rn, rd);
  }

  @Override
  default void ushllI(A64 t, int q, int imm, int rn, int rd) {
    Simd.shiftLong(t, false, q, size(imm), A64Immediates.shiftLeft(imm), rn, rd);
  }
}
