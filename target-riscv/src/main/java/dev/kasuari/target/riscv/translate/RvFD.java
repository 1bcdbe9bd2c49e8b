package dev.kasuari.target.riscv.translate;

import dev.kasuari.target.riscv.isa.RiscvInstructions;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/** Single and double precision. Source: unprivileged manual 20240411, chapters 22 and 23. */
interface RvFD extends RiscvInstructions<Rv> {

  private static FpDesc.Format format(boolean wide) {
    return wide ? FpDesc.Format.F64 : FpDesc.Format.F32;
  }

  private static Type type(boolean wide) {
    return wide ? Type.I64 : Type.I32;
  }

  private static Value f(Rv t, boolean wide, int r) {
    return wide ? t.f64(r) : t.f32(r);
  }

  private static void setF(Rv t, boolean wide, int r, Value value) {
    if (wide) {
      t.setF64(r, value);
    } else {
      t.setF32(r, value);
    }
    t.fpDirty();
  }

  /** {@code f[rd] = f[rs1] op f[rs2]}, rounded. */
  private static void arithmetic(Rv t, Op op, boolean wide, int rd, int rs1, int rs2, int rm) {
    if (t.fpOn(rm)) {
      FpDesc desc = FpDesc.of(format(wide)).rounding(rm);
      setF(t, wide, rd, t.e().fp(op, desc, f(t, wide, rs1), f(t, wide, rs2)));
    }
  }

  private static void squareRoot(Rv t, boolean wide, int rd, int rs1, int rm) {
    if (t.fpOn(rm)) {
      FpDesc desc = FpDesc.of(format(wide)).rounding(rm);
      setF(t, wide, rd, t.e().fp(Op.FSQRT, desc, f(t, wide, rs1)));
    }
  }

  /** {@code f[rd] = ±(f[rs1] × f[rs2]) ± f[rs3]}. */
  private static void fused(
      Rv t,
      boolean wide,
      boolean negateProduct,
      boolean negateAddend,
      int rd,
      int rs1,
      int rs2,
      int rs3,
      int rm) {
    if (!t.fpOn(rm)) {
      return;
    }
    FpDesc desc = FpDesc.of(format(wide)).rounding(rm);
    desc = negateProduct ? desc.negateProduct() : desc;
    desc = negateAddend ? desc.negateAddend() : desc;
    setF(t, wide, rd, t.e().fp(Op.FMA, desc, f(t, wide, rs1), f(t, wide, rs2), f(t, wide, rs3)));
  }

  private static void minMax(Rv t, Op op, boolean wide, int rd, int rs1, int rs2) {
    if (t.fpOn()) {
      FpDesc desc = FpDesc.of(format(wide)).minMax(FpDesc.MinMax.NUMBER_2019);
      setF(t, wide, rd, t.e().fp(op, desc, f(t, wide, rs1), f(t, wide, rs2)));
    }
  }

  private static void compare(
      Rv t, FpDesc.Relation relation, boolean wide, int rd, int rs1, int rs2) {
    if (!t.fpOn()) {
      return;
    }
    FpDesc desc = FpDesc.of(format(wide)).relation(relation);
    desc = relation == FpDesc.Relation.EQ ? desc : desc.signaling();
    t.setX(rd, t.e().fpTo(Op.FCMP, desc, t.word(), f(t, wide, rs1), f(t, wide, rs2)));
    t.fpDirty();
  }

  private static void classify(Rv t, boolean wide, int rd, int rs1) {
    if (t.fpOn()) {
      FpDesc desc = FpDesc.of(format(wide));
      t.setX(rd, t.e().fpTo(Op.FCLASS, desc, t.word(), f(t, wide, rs1)));
    }
  }

  /** How a sign bit is made of two. */
  enum Sign {
    COPY,
    NEGATE,
    XOR
  }

  private static void inject(Rv t, Sign sign, boolean wide, int rd, int rs1, int rs2) {
    if (!t.fpOn()) {
      return;
    }
    var e = t.e();
    int top = wide ? 63 : 31;
    Value a = f(t, wide, rs1);
    Value b = f(t, wide, rs2);
    Value bit = e.shr(b, top);
    Value made =
        switch (sign) {
          case COPY -> bit;
          case NEGATE -> e.xor(bit, 1);
          case XOR -> e.xor(bit, e.shr(a, top));
        };
    setF(t, wide, rd, e.deposit(a, made, top, 1));
  }

  private static void toInteger(
      Rv t, boolean wide, int width, boolean signed, int rd, int rs1, int rm) {
    if (t.fpOn(rm)) {
      FpDesc desc = FpDesc.of(format(wide)).rounding(rm).integer(width, signed);
      Type as = width == 64 ? Type.I64 : Type.I32;
      t.setX(rd, t.e().fpTo(Op.FTOI, desc, as, f(t, wide, rs1)));
      t.fpDirty();
    }
  }

  private static void fromInteger(
      Rv t, boolean wide, int width, boolean signed, int rd, int rs1, int rm) {
    if (t.fpOn(rm)) {
      FpDesc desc = FpDesc.of(format(wide)).rounding(rm).integer(width, signed);
      Value integer = width == 64 ? t.x(rs1) : t.w(rs1);
      setF(t, wide, rd, t.e().fpTo(Op.ITOF, desc, type(wide), integer));
    }
  }

  private static void convert(Rv t, boolean toWide, int rd, int rs1, int rm) {
    if (t.fpOn(rm)) {
      FpDesc desc = FpDesc.convert(format(!toWide), format(toWide)).rounding(rm);
      setF(t, toWide, rd, t.e().fpTo(Op.FCVT, desc, type(toWide), f(t, !toWide, rs1)));
    }
  }

  @Override
  default void flw(Rv t, int rd, int rs1, int imm) {
    if (t.fpOn()) {
      setF(t, false, rd, t.e().load(t.mem(4), Type.I32, t.address(rs1, imm)));
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
      setF(t, true, rd, t.e().load(t.mem(8), Type.I64, t.address(rs1, imm)));
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
      setF(t, false, rd, t.w(rs1));
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
      setF(t, true, rd, t.x(rs1));
    }
  }

  @Override
  default void fcvtSD(Rv t, int rd, int rs1, int rm) {
    convert(t, false, rd, rs1, rm);
  }

  @Override
  default void fcvtDS(Rv t, int rd, int rs1, int rm) {
    convert(t, true, rd, rs1, rm);
  }

  @Override
  default void faddS(Rv t, int rd, int rs1, int rs2, int rm) {
    arithmetic(t, Op.FADD, false, rd, rs1, rs2, rm);
  }

  @Override
  default void fsubS(Rv t, int rd, int rs1, int rs2, int rm) {
    arithmetic(t, Op.FSUB, false, rd, rs1, rs2, rm);
  }

  @Override
  default void fmulS(Rv t, int rd, int rs1, int rs2, int rm) {
    arithmetic(t, Op.FMUL, false, rd, rs1, rs2, rm);
  }

  @Override
  default void fdivS(Rv t, int rd, int rs1, int rs2, int rm) {
    arithmetic(t, Op.FDIV, false, rd, rs1, rs2, rm);
  }

  @Override
  default void fsqrtS(Rv t, int rd, int rs1, int rm) {
    squareRoot(t, false, rd, rs1, rm);
  }

  @Override
  default void fmaddS(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    fused(t, false, false, false, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fmsubS(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    fused(t, false, false, true, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fnmsubS(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    fused(t, false, true, false, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fnmaddS(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    fused(t, false, true, true, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fsgnjS(Rv t, int rd, int rs1, int rs2) {
    inject(t, Sign.COPY, false, rd, rs1, rs2);
  }

  @Override
  default void fsgnjnS(Rv t, int rd, int rs1, int rs2) {
    inject(t, Sign.NEGATE, false, rd, rs1, rs2);
  }

  @Override
  default void fsgnjxS(Rv t, int rd, int rs1, int rs2) {
    inject(t, Sign.XOR, false, rd, rs1, rs2);
  }

  @Override
  default void fminS(Rv t, int rd, int rs1, int rs2) {
    minMax(t, Op.FMIN, false, rd, rs1, rs2);
  }

  @Override
  default void fmaxS(Rv t, int rd, int rs1, int rs2) {
    minMax(t, Op.FMAX, false, rd, rs1, rs2);
  }

  @Override
  default void feqS(Rv t, int rd, int rs1, int rs2) {
    compare(t, FpDesc.Relation.EQ, false, rd, rs1, rs2);
  }

  @Override
  default void fltS(Rv t, int rd, int rs1, int rs2) {
    compare(t, FpDesc.Relation.LT, false, rd, rs1, rs2);
  }

  @Override
  default void fleS(Rv t, int rd, int rs1, int rs2) {
    compare(t, FpDesc.Relation.LE, false, rd, rs1, rs2);
  }

  @Override
  default void fclassS(Rv t, int rd, int rs1) {
    classify(t, false, rd, rs1);
  }

  @Override
  default void fcvtWS(Rv t, int rd, int rs1, int rm) {
    toInteger(t, false, 32, true, rd, rs1, rm);
  }

  @Override
  default void fcvtSW(Rv t, int rd, int rs1, int rm) {
    fromInteger(t, false, 32, true, rd, rs1, rm);
  }

  @Override
  default void fcvtWuS(Rv t, int rd, int rs1, int rm) {
    toInteger(t, false, 32, false, rd, rs1, rm);
  }

  @Override
  default void fcvtSWu(Rv t, int rd, int rs1, int rm) {
    fromInteger(t, false, 32, false, rd, rs1, rm);
  }

  @Override
  default void fcvtLS(Rv t, int rd, int rs1, int rm) {
    toInteger(t, false, 64, true, rd, rs1, rm);
  }

  @Override
  default void fcvtSL(Rv t, int rd, int rs1, int rm) {
    fromInteger(t, false, 64, true, rd, rs1, rm);
  }

  @Override
  default void fcvtLuS(Rv t, int rd, int rs1, int rm) {
    toInteger(t, false, 64, false, rd, rs1, rm);
  }

  @Override
  default void fcvtSLu(Rv t, int rd, int rs1, int rm) {
    fromInteger(t, false, 64, false, rd, rs1, rm);
  }

  @Override
  default void faddD(Rv t, int rd, int rs1, int rs2, int rm) {
    arithmetic(t, Op.FADD, true, rd, rs1, rs2, rm);
  }

  @Override
  default void fsubD(Rv t, int rd, int rs1, int rs2, int rm) {
    arithmetic(t, Op.FSUB, true, rd, rs1, rs2, rm);
  }

  @Override
  default void fmulD(Rv t, int rd, int rs1, int rs2, int rm) {
    arithmetic(t, Op.FMUL, true, rd, rs1, rs2, rm);
  }

  @Override
  default void fdivD(Rv t, int rd, int rs1, int rs2, int rm) {
    arithmetic(t, Op.FDIV, true, rd, rs1, rs2, rm);
  }

  @Override
  default void fsqrtD(Rv t, int rd, int rs1, int rm) {
    squareRoot(t, true, rd, rs1, rm);
  }

  @Override
  default void fmaddD(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    fused(t, true, false, false, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fmsubD(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    fused(t, true, false, true, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fnmsubD(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    fused(t, true, true, false, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fnmaddD(Rv t, int rd, int rs1, int rs2, int rs3, int rm) {
    fused(t, true, true, true, rd, rs1, rs2, rs3, rm);
  }

  @Override
  default void fsgnjD(Rv t, int rd, int rs1, int rs2) {
    inject(t, Sign.COPY, true, rd, rs1, rs2);
  }

  @Override
  default void fsgnjnD(Rv t, int rd, int rs1, int rs2) {
    inject(t, Sign.NEGATE, true, rd, rs1, rs2);
  }

  @Override
  default void fsgnjxD(Rv t, int rd, int rs1, int rs2) {
    inject(t, Sign.XOR, true, rd, rs1, rs2);
  }

  @Override
  default void fminD(Rv t, int rd, int rs1, int rs2) {
    minMax(t, Op.FMIN, true, rd, rs1, rs2);
  }

  @Override
  default void fmaxD(Rv t, int rd, int rs1, int rs2) {
    minMax(t, Op.FMAX, true, rd, rs1, rs2);
  }

  @Override
  default void feqD(Rv t, int rd, int rs1, int rs2) {
    compare(t, FpDesc.Relation.EQ, true, rd, rs1, rs2);
  }

  @Override
  default void fltD(Rv t, int rd, int rs1, int rs2) {
    compare(t, FpDesc.Relation.LT, true, rd, rs1, rs2);
  }

  @Override
  default void fleD(Rv t, int rd, int rs1, int rs2) {
    compare(t, FpDesc.Relation.LE, true, rd, rs1, rs2);
  }

  @Override
  default void fclassD(Rv t, int rd, int rs1) {
    classify(t, true, rd, rs1);
  }

  @Override
  default void fcvtWD(Rv t, int rd, int rs1, int rm) {
    toInteger(t, true, 32, true, rd, rs1, rm);
  }

  @Override
  default void fcvtDW(Rv t, int rd, int rs1, int rm) {
    fromInteger(t, true, 32, true, rd, rs1, rm);
  }

  @Override
  default void fcvtWuD(Rv t, int rd, int rs1, int rm) {
    toInteger(t, true, 32, false, rd, rs1, rm);
  }

  @Override
  default void fcvtDWu(Rv t, int rd, int rs1, int rm) {
    fromInteger(t, true, 32, false, rd, rs1, rm);
  }

  @Override
  default void fcvtLD(Rv t, int rd, int rs1, int rm) {
    toInteger(t, true, 64, true, rd, rs1, rm);
  }

  @Override
  default void fcvtDL(Rv t, int rd, int rs1, int rm) {
    fromInteger(t, true, 64, true, rd, rs1, rm);
  }

  @Override
  default void fcvtLuD(Rv t, int rd, int rs1, int rm) {
    toInteger(t, true, 64, false, rd, rs1, rm);
  }

  @Override
  default void fcvtDLu(Rv t, int rd, int rs1, int rm) {
    fromInteger(t, true, 64, false, rd, rs1, rm);
  }
}
