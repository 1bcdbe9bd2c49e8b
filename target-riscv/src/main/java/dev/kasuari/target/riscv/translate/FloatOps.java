package dev.kasuari.target.riscv.translate;

import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.FpDesc.Format;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/** What floating-point instructions do, whatever their format. */
final class FloatOps {
  private FloatOps() {}

  /** The IR's type of values of a format. */
  private static Type type(Format format) {
    return format == Format.F64 ? Type.I64 : Type.I32;
  }

  private static Value f(Rv t, Format format, int r) {
    return switch (format) {
      case F16 -> t.f16(r);
      case F32 -> t.f32(r);
      default -> t.f64(r);
    };
  }

  /** Writes a register, and says so: last thing of its semantics. */
  static void set(Rv t, Format format, int r, Value value) {
    switch (format) {
      case F16 -> t.setF16(r, value);
      case F32 -> t.setF32(r, value);
      default -> t.setF64(r, value);
    }
    t.fpDirty();
  }

  /** {@code f[rd] = f[rs1] op f[rs2]}, rounded. */
  static void arithmetic(Rv t, Op op, Format format, int rd, int rs1, int rs2, int rm) {
    if (t.fpOn(rm)) {
      FpDesc desc = FpDesc.of(format).rounding(rm);
      set(t, format, rd, t.e().fp(op, desc, f(t, format, rs1), f(t, format, rs2)));
    }
  }

  static void squareRoot(Rv t, Format format, int rd, int rs1, int rm) {
    if (t.fpOn(rm)) {
      FpDesc desc = FpDesc.of(format).rounding(rm);
      set(t, format, rd, t.e().fp(Op.FSQRT, desc, f(t, format, rs1)));
    }
  }

  /** {@code f[rd] = ±(f[rs1] × f[rs2]) ± f[rs3]}. */
  static void fused(
      Rv t,
      Format format,
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
    FpDesc desc = FpDesc.of(format).rounding(rm);
    desc = negateProduct ? desc.negateProduct() : desc;
    desc = negateAddend ? desc.negateAddend() : desc;
    set(
        t,
        format,
        rd,
        t.e().fp(Op.FMA, desc, f(t, format, rs1), f(t, format, rs2), f(t, format, rs3)));
  }

  static void minMax(Rv t, Op op, Format format, int rd, int rs1, int rs2) {
    if (t.fpOn()) {
      FpDesc desc = FpDesc.of(format).minMax(FpDesc.MinMax.NUMBER_2019);
      set(t, format, rd, t.e().fp(op, desc, f(t, format, rs1), f(t, format, rs2)));
    }
  }

  static void compare(Rv t, FpDesc.Relation relation, Format format, int rd, int rs1, int rs2) {
    if (!t.fpOn()) {
      return;
    }
    FpDesc desc = FpDesc.of(format).relation(relation);
    desc = relation == FpDesc.Relation.EQ ? desc : desc.signaling();
    t.setX(rd, t.e().fpTo(Op.FCMP, desc, t.word(), f(t, format, rs1), f(t, format, rs2)));
    t.fpDirty();
  }

  static void classify(Rv t, Format format, int rd, int rs1) {
    if (t.fpOn()) {
      FpDesc desc = FpDesc.of(format);
      t.setX(rd, t.e().fpTo(Op.FCLASS, desc, t.word(), f(t, format, rs1)));
    }
  }

  /** How a sign bit is made of two. */
  enum Sign {
    COPY,
    NEGATE,
    XOR
  }

  static void inject(Rv t, Sign sign, Format format, int rd, int rs1, int rs2) {
    if (!t.fpOn()) {
      return;
    }
    var e = t.e();
    int top =
        switch (format) {
          case F16 -> 15;
          case F32 -> 31;
          default -> 63;
        };
    Value a = f(t, format, rs1);
    Value b = f(t, format, rs2);
    Value bit = e.shr(b, top);
    Value made =
        switch (sign) {
          case COPY -> bit;
          case NEGATE -> e.xor(bit, 1);
          case XOR -> e.xor(bit, e.shr(a, top));
        };
    set(t, format, rd, e.deposit(a, made, top, 1));
  }

  static void toInteger(Rv t, Format format, int width, boolean signed, int rd, int rs1, int rm) {
    if (t.fpOn(rm)) {
      FpDesc desc = FpDesc.of(format).rounding(rm).integer(width, signed);
      Type as = width == 64 ? Type.I64 : Type.I32;
      t.setX(rd, t.e().fpTo(Op.FTOI, desc, as, f(t, format, rs1)));
      t.fpDirty();
    }
  }

  static void fromInteger(Rv t, Format format, int width, boolean signed, int rd, int rs1, int rm) {
    if (t.fpOn(rm)) {
      FpDesc desc = FpDesc.of(format).rounding(rm).integer(width, signed);
      Value integer = width == 64 ? t.x(rs1) : t.w(rs1);
      set(t, format, rd, t.e().fpTo(Op.ITOF, desc, type(format), integer));
    }
  }

  static void convert(Rv t, Format from, Format to, int rd, int rs1, int rm) {
    if (t.fpOn(rm)) {
      FpDesc desc = FpDesc.convert(from, to).rounding(rm);
      set(t, to, rd, t.e().fpTo(Op.FCVT, desc, type(to), f(t, from, rs1)));
    }
  }
}
