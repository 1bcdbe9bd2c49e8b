package dev.kasuari.target.riscv.translate;

import static dev.kasuari.tcg.ir.FpDesc.Format.F32;
import static dev.kasuari.tcg.ir.FpDesc.Format.F64;

import dev.kasuari.target.riscv.isa.RiscvInstructions;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;

/** Single and double precision. Source: unprivileged manual 20240411, chapters 22 and 23. */
interface RvFD extends RiscvInstructions<Rv> {

  @Override
  default void flw(Rv t, int rd, int rs1, int imm) {
    if (t.fpOn()) {
      FloatOps.set(t, F32, rd, t.e().load(t.mem(4), Type.I32, t.address(rs1, imm)));
    }
  }

  @Override
  default void fsw(Rv t, int rs1, int rs2, int imm) {
    if (t.fpOn()) {
      t.e().store(t.mem(4), t.address(rs1, imm), t.f32Bits(rs2));
    }
  }

  @Override
  default void fld(Rv t, int rd, int rs1, int imm) {
    if (t.fpOn()) {
      FloatOps.set(t, F64, rd, t.e().load(t.mem(8), Type.I64, t.address(rs1, imm)));
    }
  }

  @Override
  default void fsd(Rv t, int rs1, int rs2, int imm) {
    if (t.fpOn()) {
      t.e().store(t.mem(8), t.address(rs1, imm), t.f64(rs2));
    }
  }

  @Override
  default void fmvXW(Rv t, int rd, int rs1) {
    if (t.fpOn()) {
      t.setX(rd, t.f32Bits(rs1));
    }
  }

  @Override
  default void fmvWX(Rv t, int rd, int rs1) {
    if (t.fpOn()) {
      FloatOps.set(t, F32, rd, t.w(rs1));
    }
  }

  @Override
  default void fmvXD(Rv t, int rd, int rs1) {
    if (t.fpOn()) {
      t.setX(rd, t.f64(rs1));
    }
  }

  @Override
  default void fmvDX(Rv t, int rd, int rs1) {
    if (t.fpOn()) {
      FloatOps.set(t, F64, rd, t.x(rs1));
    }
  }

  @Override
  default void fcvtSD(Rv t, int rd, int rs1, int rm) {
    FloatOps.convert(t, F64, F32, rd, rs1, rm);
  }

  @Override
  default void fcvtDS(Rv t, int rd, int rs1, int rm) {
    FloatOps.convert(t, F32, F64, rd, rs1, rm);
  }

  @Override
  default void faddS(Rv t, int rd, int rs1, int rs2, int rm) {
    FloatOps.arithmetic(t, Op.FADD, F32, rd, rs1, rs2, rm);
  }

  @Override
  default void fsubS(Rv t, int rd, int rs1, int rs2, int rm) {
    FloatOps.arithmetic(t, Op.FSUB, F32, rd, rs1, rs2, rm);
  }

  @Override
  default void fmulS(Rv t, int rd, int rs1, int rs2, int rm) {
    FloatOps.arithmetic(t, Op.FMUL, F32, rd, rs1, rs2, rm);
  }

  @Override
  default void fdivS(Rv t, int rd, int rs1, int rs2, int rm) {
    FloatOps.arithmetic(t, Op.FDIV, F32, rd, rs1, rs2, rm);
  }

  @Override
  default void fsqrtS(Rv t, int rd, int rs1, int rm) {
    FloatOps.squareRoot(t, F32, rd, rs1, rm);
  }

  @Override
  default void fmaddS(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    FloatOps.fused(t, F32, false, false, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fmsubS(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    FloatOps.fused(t, F32, false, true, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fnmsubS(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    FloatOps.fused(t, F32, true, false, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fnmaddS(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    FloatOps.fused(t, F32, true, true, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fsgnjS(Rv t, int rd, int rs1, int rs2) {
    FloatOps.inject(t, FloatOps.Sign.COPY, F32, rd, rs1, rs2);
  }

  @Override
  default void fsgnjnS(Rv t, int rd, int rs1, int rs2) {
    FloatOps.inject(t, FloatOps.Sign.NEGATE, F32, rd, rs1, rs2);
  }

  @Override
  default void fsgnjxS(Rv t, int rd, int rs1, int rs2) {
    FloatOps.inject(t, FloatOps.Sign.XOR, F32, rd, rs1, rs2);
  }

  @Override
  default void fminS(Rv t, int rd, int rs1, int rs2) {
    FloatOps.minMax(t, Op.FMIN, F32, rd, rs1, rs2);
  }

  @Override
  default void fmaxS(Rv t, int rd, int rs1, int rs2) {
    FloatOps.minMax(t, Op.FMAX, F32, rd, rs1, rs2);
  }

  @Override
  default void feqS(Rv t, int rd, int rs1, int rs2) {
    FloatOps.compare(t, FpDesc.Relation.EQ, F32, rd, rs1, rs2);
  }

  @Override
  default void fltS(Rv t, int rd, int rs1, int rs2) {
    FloatOps.compare(t, FpDesc.Relation.LT, F32, rd, rs1, rs2);
  }

  @Override
  default void fleS(Rv t, int rd, int rs1, int rs2) {
    FloatOps.compare(t, FpDesc.Relation.LE, F32, rd, rs1, rs2);
  }

  @Override
  default void fclassS(Rv t, int rd, int rs1) {
    FloatOps.classify(t, F32, rd, rs1);
  }

  @Override
  default void fcvtWS(Rv t, int rd, int rs1, int rm) {
    FloatOps.toInteger(t, F32, 32, true, rd, rs1, rm);
  }

  @Override
  default void fcvtSW(Rv t, int rd, int rs1, int rm) {
    FloatOps.fromInteger(t, F32, 32, true, rd, rs1, rm);
  }

  @Override
  default void fcvtWuS(Rv t, int rd, int rs1, int rm) {
    FloatOps.toInteger(t, F32, 32, false, rd, rs1, rm);
  }

  @Override
  default void fcvtSWu(Rv t, int rd, int rs1, int rm) {
    FloatOps.fromInteger(t, F32, 32, false, rd, rs1, rm);
  }

  @Override
  default void fcvtLS(Rv t, int rd, int rs1, int rm) {
    FloatOps.toInteger(t, F32, 64, true, rd, rs1, rm);
  }

  @Override
  default void fcvtSL(Rv t, int rd, int rs1, int rm) {
    FloatOps.fromInteger(t, F32, 64, true, rd, rs1, rm);
  }

  @Override
  default void fcvtLuS(Rv t, int rd, int rs1, int rm) {
    FloatOps.toInteger(t, F32, 64, false, rd, rs1, rm);
  }

  @Override
  default void fcvtSLu(Rv t, int rd, int rs1, int rm) {
    FloatOps.fromInteger(t, F32, 64, false, rd, rs1, rm);
  }

  @Override
  default void faddD(Rv t, int rd, int rs1, int rs2, int rm) {
    FloatOps.arithmetic(t, Op.FADD, F64, rd, rs1, rs2, rm);
  }

  @Override
  default void fsubD(Rv t, int rd, int rs1, int rs2, int rm) {
    FloatOps.arithmetic(t, Op.FSUB, F64, rd, rs1, rs2, rm);
  }

  @Override
  default void fmulD(Rv t, int rd, int rs1, int rs2, int rm) {
    FloatOps.arithmetic(t, Op.FMUL, F64, rd, rs1, rs2, rm);
  }

  @Override
  default void fdivD(Rv t, int rd, int rs1, int rs2, int rm) {
    FloatOps.arithmetic(t, Op.FDIV, F64, rd, rs1, rs2, rm);
  }

  @Override
  default void fsqrtD(Rv t, int rd, int rs1, int rm) {
    FloatOps.squareRoot(t, F64, rd, rs1, rm);
  }

  @Override
  default void fmaddD(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    FloatOps.fused(t, F64, false, false, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fmsubD(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    FloatOps.fused(t, F64, false, true, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fnmsubD(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    FloatOps.fused(t, F64, true, false, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fnmaddD(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    FloatOps.fused(t, F64, true, true, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fsgnjD(Rv t, int rd, int rs1, int rs2) {
    FloatOps.inject(t, FloatOps.Sign.COPY, F64, rd, rs1, rs2);
  }

  @Override
  default void fsgnjnD(Rv t, int rd, int rs1, int rs2) {
    FloatOps.inject(t, FloatOps.Sign.NEGATE, F64, rd, rs1, rs2);
  }

  @Override
  default void fsgnjxD(Rv t, int rd, int rs1, int rs2) {
    FloatOps.inject(t, FloatOps.Sign.XOR, F64, rd, rs1, rs2);
  }

  @Override
  default void fminD(Rv t, int rd, int rs1, int rs2) {
    FloatOps.minMax(t, Op.FMIN, F64, rd, rs1, rs2);
  }

  @Override
  default void fmaxD(Rv t, int rd, int rs1, int rs2) {
    FloatOps.minMax(t, Op.FMAX, F64, rd, rs1, rs2);
  }

  @Override
  default void feqD(Rv t, int rd, int rs1, int rs2) {
    FloatOps.compare(t, FpDesc.Relation.EQ, F64, rd, rs1, rs2);
  }

  @Override
  default void fltD(Rv t, int rd, int rs1, int rs2) {
    FloatOps.compare(t, FpDesc.Relation.LT, F64, rd, rs1, rs2);
  }

  @Override
  default void fleD(Rv t, int rd, int rs1, int rs2) {
    FloatOps.compare(t, FpDesc.Relation.LE, F64, rd, rs1, rs2);
  }

  @Override
  default void fclassD(Rv t, int rd, int rs1) {
    FloatOps.classify(t, F64, rd, rs1);
  }

  @Override
  default void fcvtWD(Rv t, int rd, int rs1, int rm) {
    FloatOps.toInteger(t, F64, 32, true, rd, rs1, rm);
  }

  @Override
  default void fcvtDW(Rv t, int rd, int rs1, int rm) {
    FloatOps.fromInteger(t, F64, 32, true, rd, rs1, rm);
  }

  @Override
  default void fcvtWuD(Rv t, int rd, int rs1, int rm) {
    FloatOps.toInteger(t, F64, 32, false, rd, rs1, rm);
  }

  @Override
  default void fcvtDWu(Rv t, int rd, int rs1, int rm) {
    FloatOps.fromInteger(t, F64, 32, false, rd, rs1, rm);
  }

  @Override
  default void fcvtLD(Rv t, int rd, int rs1, int rm) {
    FloatOps.toInteger(t, F64, 64, true, rd, rs1, rm);
  }

  @Override
  default void fcvtDL(Rv t, int rd, int rs1, int rm) {
    FloatOps.fromInteger(t, F64, 64, true, rd, rs1, rm);
  }

  @Override
  default void fcvtLuD(Rv t, int rd, int rs1, int rm) {
    FloatOps.toInteger(t, F64, 64, false, rd, rs1, rm);
  }

  @Override
  default void fcvtDLu(Rv t, int rd, int rs1, int rm) {
    FloatOps.fromInteger(t, F64, 64, false, rd, rs1, rm);
  }
}
