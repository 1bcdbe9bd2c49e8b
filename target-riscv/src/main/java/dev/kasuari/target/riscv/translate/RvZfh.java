package dev.kasuari.target.riscv.translate;

import static dev.kasuari.tcg.ir.FpDesc.Format.F16;
import static dev.kasuari.tcg.ir.FpDesc.Format.F32;
import static dev.kasuari.tcg.ir.FpDesc.Format.F64;

import dev.kasuari.target.riscv.isa.RiscvInstructions;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;

/** Half precision. Source: unprivileged manual 20240411, chapter 25. */
interface RvZfh extends RiscvInstructions<Rv> {

  @Override
  default void flh(Rv t, int rd, int rs1, int imm) {
    if (t.fpOn()) {
      FloatOps.set(t, F16, rd, t.e().load(t.mem(2), Type.I32, t.address(rs1, imm)));
    }
  }

  @Override
  default void fsh(Rv t, int rs1, int rs2, int imm) {
    if (t.fpOn()) {
      t.e().store(t.mem(2), t.address(rs1, imm), t.f32Bits(rs2));
    }
  }

  /** The bits are copied, in a box or not. */
  @Override
  default void fmvXH(Rv t, int rd, int rs1) {
    if (t.fpOn()) {
      t.setX(rd, t.e().signExtend(t.f32Bits(rs1), 16));
    }
  }

  @Override
  default void fmvHX(Rv t, int rd, int rs1) {
    if (t.fpOn()) {
      FloatOps.set(t, F16, rd, t.w(rs1));
    }
  }

  @Override
  default void fcvtHS(Rv t, int rd, int rs1, int rm) {
    FloatOps.convert(t, F32, F16, rd, rs1, rm);
  }

  @Override
  default void fcvtSH(Rv t, int rd, int rs1, int rm) {
    FloatOps.convert(t, F16, F32, rd, rs1, rm);
  }

  @Override
  default void fcvtHD(Rv t, int rd, int rs1, int rm) {
    FloatOps.convert(t, F64, F16, rd, rs1, rm);
  }

  @Override
  default void fcvtDH(Rv t, int rd, int rs1, int rm) {
    FloatOps.convert(t, F16, F64, rd, rs1, rm);
  }

  @Override
  default void faddH(Rv t, int rd, int rs1, int rs2, int rm) {
    FloatOps.arithmetic(t, Op.FADD, F16, rd, rs1, rs2, rm);
  }

  @Override
  default void fsubH(Rv t, int rd, int rs1, int rs2, int rm) {
    FloatOps.arithmetic(t, Op.FSUB, F16, rd, rs1, rs2, rm);
  }

  @Override
  default void fmulH(Rv t, int rd, int rs1, int rs2, int rm) {
    FloatOps.arithmetic(t, Op.FMUL, F16, rd, rs1, rs2, rm);
  }

  @Override
  default void fdivH(Rv t, int rd, int rs1, int rs2, int rm) {
    FloatOps.arithmetic(t, Op.FDIV, F16, rd, rs1, rs2, rm);
  }

  @Override
  default void fsqrtH(Rv t, int rd, int rs1, int rm) {
    FloatOps.squareRoot(t, F16, rd, rs1, rm);
  }

  @Override
  default void fmaddH(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    FloatOps.fused(t, F16, false, false, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fmsubH(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    FloatOps.fused(t, F16, false, true, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fnmsubH(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    FloatOps.fused(t, F16, true, false, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fnmaddH(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    FloatOps.fused(t, F16, true, true, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fsgnjH(Rv t, int rd, int rs1, int rs2) {
    FloatOps.inject(t, FloatOps.Sign.COPY, F16, rd, rs1, rs2);
  }

  @Override
  default void fsgnjnH(Rv t, int rd, int rs1, int rs2) {
    FloatOps.inject(t, FloatOps.Sign.NEGATE, F16, rd, rs1, rs2);
  }

  @Override
  default void fsgnjxH(Rv t, int rd, int rs1, int rs2) {
    FloatOps.inject(t, FloatOps.Sign.XOR, F16, rd, rs1, rs2);
  }

  @Override
  default void fminH(Rv t, int rd, int rs1, int rs2) {
    FloatOps.minMax(t, Op.FMIN, F16, rd, rs1, rs2);
  }

  @Override
  default void fmaxH(Rv t, int rd, int rs1, int rs2) {
    FloatOps.minMax(t, Op.FMAX, F16, rd, rs1, rs2);
  }

  @Override
  default void feqH(Rv t, int rd, int rs1, int rs2) {
    FloatOps.compare(t, FpDesc.Relation.EQ, F16, rd, rs1, rs2);
  }

  @Override
  default void fltH(Rv t, int rd, int rs1, int rs2) {
    FloatOps.compare(t, FpDesc.Relation.LT, F16, rd, rs1, rs2);
  }

  @Override
  default void fleH(Rv t, int rd, int rs1, int rs2) {
    FloatOps.compare(t, FpDesc.Relation.LE, F16, rd, rs1, rs2);
  }

  @Override
  default void fclassH(Rv t, int rd, int rs1) {
    FloatOps.classify(t, F16, rd, rs1);
  }

  @Override
  default void fcvtWH(Rv t, int rd, int rs1, int rm) {
    FloatOps.toInteger(t, F16, 32, true, rd, rs1, rm);
  }

  @Override
  default void fcvtHW(Rv t, int rd, int rs1, int rm) {
    FloatOps.fromInteger(t, F16, 32, true, rd, rs1, rm);
  }

  @Override
  default void fcvtWuH(Rv t, int rd, int rs1, int rm) {
    FloatOps.toInteger(t, F16, 32, false, rd, rs1, rm);
  }

  @Override
  default void fcvtHWu(Rv t, int rd, int rs1, int rm) {
    FloatOps.fromInteger(t, F16, 32, false, rd, rs1, rm);
  }

  @Override
  default void fcvtLH(Rv t, int rd, int rs1, int rm) {
    FloatOps.toInteger(t, F16, 64, true, rd, rs1, rm);
  }

  @Override
  default void fcvtHL(Rv t, int rd, int rs1, int rm) {
    FloatOps.fromInteger(t, F16, 64, true, rd, rs1, rm);
  }

  @Override
  default void fcvtLuH(Rv t, int rd, int rs1, int rm) {
    FloatOps.toInteger(t, F16, 64, false, rd, rs1, rm);
  }

  @Override
  default void fcvtHLu(Rv t, int rd, int rs1, int rm) {
    FloatOps.fromInteger(t, F16, 64, false, rd, rs1, rm);
  }
}
