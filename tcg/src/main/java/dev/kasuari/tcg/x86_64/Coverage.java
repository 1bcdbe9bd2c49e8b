package dev.kasuari.tcg.x86_64;

import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;

/** Which units there is code for; the others are interpreted. */
final class Coverage {
  private Coverage() {}

  /** Whether every operation of the unit can be emitted. */
  static boolean covers(IrUnit unit) {
    for (int i = 0; i < unit.size(); i++) {
      if (!covers(unit, i)) {
        return false;
      }
    }
    return true;
  }

  private static boolean covers(IrUnit unit, int i) {
    long imm = unit.immediate(i);
    return switch (unit.op(i)) {
      case CONST, ADD, SUB, AND, OR, XOR, ANDC, MUL, NOT, NEG, SHL, SHR, SAR -> true;
      case SEXT, ZEXT, WIDEN_S, WIDEN_U, NARROW, EXTRACT, SETCOND, SELECT -> true;
      case GET, SET, LOAD, STORE, CALL, UNIT_START, INSN_START -> true;
      case BR, BRCOND, GOTO, JUMP, EXIT, RAISE -> true;
      case PC -> imm == (int) imm;
      default -> unit.op(i).is(Op.Trait.FP) && formats(imm);
    };
  }

  /** Those that softfloat has, which does what the host's arithmetic cannot. */
  private static boolean formats(long desc) {
    return has(FpDesc.format(desc)) && has(FpDesc.from(desc));
  }

  private static boolean has(FpDesc.Format format) {
    return format != FpDesc.Format.F80 && format != FpDesc.Format.F128;
  }
}
