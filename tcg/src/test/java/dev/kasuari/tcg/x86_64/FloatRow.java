package dev.kasuari.tcg.x86_64;

import dev.kasuari.tcg.TestCpu;
import dev.kasuari.tcg.ir.Emitter;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.FpDesc.Format;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One row of the contract of floating point: an operation in all that can be said of it but the
 * rounding mode.
 *
 * @param type of the result
 * @param argument type of the operands
 */
record FloatRow(Op op, FpDesc desc, Type type, Type argument, String name) {
  private static final Format[] ARITHMETIC = {Format.F16, Format.F32, Format.F64};
  private static final Format[] ALL = {Format.F16, Format.BF16, Format.F32, Format.F64};

  /** Softfloat's rounding modes, and the CPU's. */
  private static final int[] MODES = {FpDesc.DYNAMIC, 0, 1, 2, 3, 4, 5};

  FloatRow rounding(int mode) {
    return new FloatRow(op, desc.rounding(mode), type, argument, name + " rm" + mode);
  }

  /** How many modes the CPU has, from 0. */
  int dynamicModes() {
    return FpDesc.hasFourModes(desc.bits()) ? 4 : 6;
  }

  /** The rounding modes that make a difference. */
  int[] modes() {
    return switch (op) {
      case FMIN, FMAX, FCMP, FCLASS -> new int[] {FpDesc.DYNAMIC};
      default -> MODES;
    };
  }

  /** Every row. */
  static List<FloatRow> all() {
    List<FloatRow> rows = new ArrayList<>();
    for (Format f : ARITHMETIC) {
      for (Op op : new Op[] {Op.FADD, Op.FSUB, Op.FMUL, Op.FDIV, Op.FSQRT}) {
        rows.add(same(op, FpDesc.of(f), ""));
      }
      rows.add(same(Op.FMA, FpDesc.of(f), ""));
      rows.add(same(Op.FMA, FpDesc.of(f).negateProduct(), " -ab+c"));
      rows.add(same(Op.FMA, FpDesc.of(f).negateAddend(), " ab-c"));
      rows.add(same(Op.FMA, FpDesc.of(f).negateProduct().negateAddend(), " -ab-c"));
      rows.add(same(Op.FRINT, FpDesc.of(f), ""));
      rows.add(same(Op.FRINT, FpDesc.of(f).raiseInexact(), " inexact"));
      minMax(rows, f);
      compare(rows, f);
      integers(rows, f);
      modes(rows, f);
    }
    for (Format f : ALL) {
      rows.add(new FloatRow(Op.FCLASS, FpDesc.of(f), Type.I64, type(f), "fclass " + label(f)));
      for (Format to : ALL) {
        String name = "fcvt " + label(f) + ">" + label(to);
        rows.add(new FloatRow(Op.FCVT, FpDesc.convert(f, to), type(to), type(f), name));
        FpDesc nans = FpDesc.convert(f, to).defaultNans();
        rows.add(new FloatRow(Op.FCVT, nans, type(to), type(f), name + " dn"));
      }
    }
    return rows;
  }

  /** What descriptors ask for besides what the CPU does. */
  private static void modes(List<FloatRow> rows, Format f) {
    FpDesc nans = FpDesc.of(f).defaultNans();
    for (Op op : new Op[] {Op.FADD, Op.FMUL, Op.FSQRT, Op.FMA, Op.FRINT}) {
      rows.add(same(op, nans, " dn"));
    }
    for (FpDesc.MinMax variant : FpDesc.MinMax.values()) {
      rows.add(same(Op.FMAX, nans.minMax(variant), " dn " + label(variant)));
    }
    FpDesc four = FpDesc.of(f).fourModes();
    for (Op op : new Op[] {Op.FADD, Op.FMUL, Op.FMA, Op.FRINT}) {
      rows.add(same(op, four, " four modes"));
    }
    FpDesc integer = four.integer(32, true);
    rows.add(new FloatRow(Op.FTOI, integer, Type.I32, type(f), "ftoi " + label(f) + " four modes"));
    rows.add(new FloatRow(Op.ITOF, integer, type(f), Type.I32, "itof " + label(f) + " four modes"));
    rows.add(same(Op.FMUL, FpDesc.of(f).flushInputs().flushOutputs(), " flush"));
    FpDesc fixed = FpDesc.of(f).integer(32, true).scale(7);
    rows.add(new FloatRow(Op.FTOI, fixed, Type.I32, type(f), "ftoi " + label(f) + " i32 scaled"));
    rows.add(new FloatRow(Op.ITOF, fixed, type(f), Type.I32, "itof " + label(f) + " i32 scaled"));
  }

  private static String label(Enum<?> e) {
    return e.name().toLowerCase(Locale.ROOT);
  }

  private static Type type(Format f) {
    return f == Format.F64 ? Type.I64 : Type.I32;
  }

  private static FloatRow same(Op op, FpDesc desc, String variant) {
    Format f = FpDesc.format(desc.bits());
    return new FloatRow(op, desc, type(f), type(f), op.mnemonic() + " " + label(f) + variant);
  }

  private static void minMax(List<FloatRow> rows, Format f) {
    for (FpDesc.MinMax variant : FpDesc.MinMax.values()) {
      for (Op op : new Op[] {Op.FMIN, Op.FMAX}) {
        rows.add(same(op, FpDesc.of(f).minMax(variant), " " + label(variant)));
      }
    }
  }

  private static void compare(List<FloatRow> rows, Format f) {
    for (FpDesc.Relation relation : FpDesc.Relation.values()) {
      FpDesc desc = FpDesc.of(f).relation(relation);
      String name = "fcmp " + label(f) + " " + label(relation);
      rows.add(new FloatRow(Op.FCMP, desc, Type.I64, type(f), name));
      rows.add(new FloatRow(Op.FCMP, desc.signaling(), Type.I32, type(f), name + " signaling"));
    }
  }

  private static void integers(List<FloatRow> rows, Format f) {
    for (int width : new int[] {32, 64}) {
      for (boolean signed : new boolean[] {true, false}) {
        FpDesc desc = FpDesc.of(f).integer(width, signed);
        String name = label(f) + (signed ? " i" : " u") + width;
        rows.add(new FloatRow(Op.FTOI, desc, Type.I64, type(f), "ftoi " + name));
        if (width == 32) {
          rows.add(new FloatRow(Op.FTOI, desc, Type.I32, type(f), "ftoi " + name + " in i32"));
        }
        Type argument = width == 32 ? Type.I32 : Type.I64;
        rows.add(new FloatRow(Op.ITOF, desc, type(f), argument, "itof " + name));
      }
    }
  }

  /** How many operands. */
  int operands() {
    return op.operands().length();
  }

  /** A unit with the operation. */
  IrUnit unit() {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    Value[] values = new Value[operands()];
    for (int i = 0; i < values.length; i++) {
      Value x = e.get(TestCpu.X, i + 1);
      values[i] = argument == Type.I32 ? e.narrow(x) : x;
    }
    Value result = e.fpTo(op, desc, type, values);
    e.set(TestCpu.X, 4, type == Type.I32 ? e.widenUnsigned(result) : result);
    e.exit(ExitReason.LOOKUP, e.pc(4));
    return e.finish();
  }

  /** Where in its unit the operation is. */
  static int find(IrUnit unit, Op op) {
    for (int i = 0; i < unit.size(); i++) {
      if (unit.op(i) == op) {
        return i;
      }
    }
    throw new AssertionError("no " + op);
  }

  @Override
  public String toString() {
    return name;
  }
}
