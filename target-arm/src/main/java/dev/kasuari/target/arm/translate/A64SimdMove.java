package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmState;
import dev.kasuari.target.arm.isa.A64Immediates;
import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;
import dev.kasuari.tcg.ir.VectorDesc;
import dev.kasuari.tcg.ir.VectorOp;

/** Copies, permutations and immediates of SIMD registers. Source: DDI 0487, C7.2. */
interface A64SimdMove extends A64Instructions<A64> {
  private static long half(int r, int which) {
    return StateView.of(Simd.v(r) + 8 * which, 8);
  }

  /** The same to both halves, or zero to the upper one. */
  private static void setHalves(A64 t, int q, int rd, Value value) {
    t.e().set(half(rd, 0), value);
    t.e().set(half(rd, 1), q == 1 ? value : t.e().constant(0));
  }

  // ---- copies ----------------------------------------------------------------------------------

  private static long lane(int r, int imm5) {
    int size = A64Immediates.laneSize(imm5);
    return lane(r, size, A64Immediates.lane(imm5));
  }

  private static long lane(int r, int size, int index) {
    return StateView.of(ArmState.V.at(r) + (index << size), 1 << size);
  }

  @Override
  default void dupE(A64 t, int q, int imm5, int rn, int rd) {
    int size = A64Immediates.laneSize(imm5);
    Simd.duplicate(t, q, size, A64Immediates.lane(imm5), rn, rd);
  }

  @Override
  default void dupG(A64 t, int q, int imm5, int rn, int rd) {
    int size = A64Immediates.laneSize(imm5);
    Value low = size == Simd.DOUBLES ? t.x(rn) : t.e().zeroExtend(t.x(rn), 8 << size);
    setHalves(t, q, rd, t.replicate(size, low));
  }

  @Override
  default void smov(A64 t, int q, int imm5, int rn, int rd) {
    t.setX(rd, t.e().get(A64.type(q), StateView.signed(lane(rn, imm5))));
  }

  @Override
  default void umov(A64 t, int q, int imm5, int rn, int rd) {
    t.setX(rd, t.e().get(Type.I64, lane(rn, imm5)));
  }

  @Override
  default void insG(A64 t, int imm5, int rn, int rd) {
    t.e().set(lane(rd, imm5), t.x(rn));
  }

  @Override
  default void insE(A64 t, int imm5, int imm4, int rn, int rd) {
    int size = A64Immediates.laneSize(imm5);
    t.e().set(lane(rd, imm5), t.e().get(Type.I64, lane(rn, size, imm4 >> size)));
  }

  // ---- permutations ----------------------------------------------------------------------------

  @Override
  default void zip1(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.permute(t, VectorOp.ZIP1, q, size, 0, rm, rn, rd);
  }

  @Override
  default void zip2(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.permute(t, VectorOp.ZIP2, q, size, 0, rm, rn, rd);
  }

  @Override
  default void uzp1(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.permute(t, VectorOp.UZP1, q, size, 0, rm, rn, rd);
  }

  @Override
  default void uzp2(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.permute(t, VectorOp.UZP2, q, size, 0, rm, rn, rd);
  }

  @Override
  default void trn1(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.permute(t, VectorOp.TRN1, q, size, 0, rm, rn, rd);
  }

  @Override
  default void trn2(A64 t, int q, int size, int rm, int rn, int rd) {
    Simd.permute(t, VectorOp.TRN2, q, size, 0, rm, rn, rd);
  }

  @Override
  default void ext(A64 t, int q, int index, int rm, int rn, int rd) {
    Simd.permute(t, VectorOp.EXT, q, Simd.BYTES, index, rm, rn, rd);
  }

  @Override
  default void tbl(A64 t, int q, int rm, int len, int rn, int rd) {
    Simd.table(t, q, len + 1, VectorDesc.NONE, rm, rn, rd);
  }

  @Override
  default void tbx(A64 t, int q, int rm, int len, int rn, int rd) {
    Simd.table(t, q, len + 1, Simd.v(rd), rm, rn, rd);
  }

  // ---- immediates ------------------------------------------------------------------------------

  @Override
  default void movi(A64 t, int q, int imm, int rd, int op, int cmode) {
    setHalves(t, q, rd, t.e().constant(A64Immediates.moved(op, cmode, imm)));
  }

  @Override
  default void fmovVh(A64 t, int q, int imm, int rd) {
    long half = A64Immediates.floating(Simd.HALVES, imm);
    setHalves(t, q, rd, t.replicate(Simd.HALVES, t.e().constant(half)));
  }

  private static void combine(A64 t, Op op, int q, int rd, long with) {
    for (int which = 0; which < 2; which++) {
      Value old = t.e().get(Type.I64, half(rd, which));
      Value now = t.e().binary(op, old, t.e().constant(with));
      t.e().set(half(rd, which), which <= q ? now : t.e().constant(0));
    }
  }

  @Override
  default void orrVi(A64 t, int q, int imm, int rd, int cmode) {
    combine(t, Op.OR, q, rd, A64Immediates.simd(0, cmode, imm));
  }

  @Override
  default void bicVi(A64 t, int q, int imm, int rd, int cmode) {
    combine(t, Op.ANDC, q, rd, A64Immediates.simd(0, cmode, imm));
  }
}
