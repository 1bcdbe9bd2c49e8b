package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmCpu;
import dev.kasuari.target.arm.cpu.ArmState;
import dev.kasuari.target.arm.cpu.Fpcr;
import dev.kasuari.target.arm.isa.A64Features;
import dev.kasuari.target.arm.isa.A64SystemRegisters;
import dev.kasuari.tcg.ir.Block;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/**
 * FPCR and FPSR without leaving the unit, unless something changes that translation depends on.
 * Source: DDI 0487, C5.2.8 and C5.2.10.
 */
final class FloatControl {
  private static final int FPCR = A64SystemRegisters.number("fpcr");
  private static final int FPSR = A64SystemRegisters.number("fpsr");

  /** FloatEnv.INPUT_FLUSHED, one place below FPSR.IDC. */
  private static final int INPUT_FLUSHED = 1 << 6;

  private static final Helper WRITE_FPCR =
      new Helper() {
        @Override
        public String name() {
          return "fpcr";
        }

        @Override
        public long call(Context context, long value, long b, long c) {
          ((ArmCpu) context.cpu()).setFpcr(value);
          return 0;
        }
      };

  private FloatControl() {}

  /** Whether a system register is one of them, and is there. */
  static boolean has(A64 t, int reg) {
    return (reg == FPCR || reg == FPSR) && t.cpu().model().has(A64Features.FP);
  }

  static Value read(A64 t, int reg) {
    var e = t.e();
    if (reg == FPCR) {
      return e.get(ArmState.FPCR);
    }
    Value qc = e.get(Type.I32, StateView.of(ArmState.QC));
    Value flags = exceptions(t, e.fpFlags(), INPUT_FLUSHED, 1);
    return e.widenUnsigned(e.or(flags, e.shl(qc, Fpcr.QC_SHIFT)));
  }

  static void write(A64 t, int reg, Value value) {
    if (reg == FPCR) {
      writeControl(t, value);
      return;
    }
    var e = t.e();
    Value bits = e.narrow(value);
    e.setFpFlags(exceptions(t, bits, INPUT_FLUSHED << 1, -1));
    e.set(StateView.of(ArmState.QC), e.extract(bits, Fpcr.QC_SHIFT, 1));
  }

  /**
   * The flags of softfloat as FPSR has them, or the other way round: the lower five in the opposite
   * order, and that of flushed operands moved.
   */
  private static Value exceptions(A64 t, Value bits, int flushed, int left) {
    var e = t.e();
    Value moved = e.and(bits, flushed);
    moved = left > 0 ? e.shl(moved, 1) : e.shr(moved, 1);
    moved = e.or(moved, e.and(bits, 1 << 2));
    moved = e.or(moved, e.shl(e.and(bits, 1), 4));
    moved = e.or(moved, e.shl(e.and(bits, 2), 2));
    moved = e.or(moved, e.and(e.shr(bits, 2), 2));
    return e.or(moved, e.extract(bits, 4, 1));
  }

  private static void writeControl(A64 t, Value value) {
    var e = t.e();
    Value control = e.and(value, Fpcr.writable(t.cpu().model().has(A64Features.FP16)));
    Value changed = e.and(e.xor(e.get(ArmState.FPCR), control), Fpcr.MODES);
    Block other = e.block();
    Block same = e.block();
    e.brcond(Cond.NE, changed, e.constant(0), other, same);
    e.bind(other);
    e.call(WRITE_FPCR, control);
    t.leave(ExitReason.LOOKUP);
    e.bind(same);
    e.set(ArmState.FPCR, control);
    Value mode = e.narrow(e.extract(control, Fpcr.ROUNDING_SHIFT, 2));
    e.setFpRounding(e.and(e.neg(mode), 3));
  }
}
