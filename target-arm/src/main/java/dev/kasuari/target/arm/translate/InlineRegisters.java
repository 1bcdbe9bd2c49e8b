package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmMode;
import dev.kasuari.target.arm.cpu.ArmState;
import dev.kasuari.target.arm.cpu.Pstate;
import dev.kasuari.target.arm.cpu.Syndrome;
import dev.kasuari.target.arm.cpu.SystemRegister;
import dev.kasuari.target.arm.isa.A64SystemRegisters;
import dev.kasuari.tcg.ir.Block;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.Emitter;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.Value;

/**
 * MRS and MSR that need no call: registers that only store and that nothing traps, the stack
 * pointer of EL0, and the masks of interrupts. An operating system does little else as often.
 */
final class InlineRegisters {
  private static final int DAIF = A64SystemRegisters.number("daif");
  private static final int CURRENT_EL = A64SystemRegisters.number("currentel");
  private static final int CTR_EL0 = A64SystemRegisters.number("ctr_el0");
  private static final int DCZID_EL0 = A64SystemRegisters.number("dczid_el0");
  private static final int SP_EL0 = A64SystemRegisters.number("sp_el0");

  private static final int DZE_BIT = 14;
  private static final int DZP_BIT = 4;

  private InlineRegisters() {}

  /** Emits MRS if it can; if not, nothing was emitted. */
  static boolean read(A64 t, int number, int rt) {
    Emitter e = t.e();
    int level = ArmMode.level(t.mode());
    SystemRegister.Storage storage = t.cpu().storage(number, level);
    if (storage != null) {
      t.setX(rt, e.get(storage.field(), storage.element()));
    } else if (level > 0 && number == DAIF) {
      t.setX(rt, e.and(e.get(ArmState.PSTATE), Pstate.DAIF));
    } else if (level > 0 && number == CURRENT_EL) {
      t.setX(rt, e.constant((long) level << Pstate.LEVEL_SHIFT));
    } else if (level > 0 && number == SP_EL0) {
      needOwnStack(t);
      t.setX(rt, e.get(ArmState.SP, 0));
    } else if (number == CTR_EL0 && t.cpu().trapsNothing(level)) {
      t.setX(rt, e.constant(t.cpu().model().identification("ctr_el0")));
    } else if (number == DCZID_EL0
        && (level == 0 ? !t.cpu().model().hasHypervisor() : t.cpu().trapsNothing(level))) {
      t.setX(rt, zeroBlock(t, level));
    } else {
      return false;
    }
    return true;
  }

  /** DCZID_EL0: at EL0 it says, too, whether DC ZVA is permitted. */
  private static Value zeroBlock(A64 t, int level) {
    Emitter e = t.e();
    Value size = e.constant(t.cpu().model().identification("dczid_el0"));
    if (level > 0) {
      return size;
    }
    Value denied = e.xor(e.extract(e.get(ArmState.SCTLR, 1), DZE_BIT, 1), 1);
    return e.or(size, e.shl(denied, DZP_BIT));
  }

  /** Emits MSR if it can; if not, nothing was emitted. */
  static boolean write(A64 t, int number, Value value) {
    Emitter e = t.e();
    int level = ArmMode.level(t.mode());
    SystemRegister.Storage storage = t.cpu().storage(number, level);
    if (storage != null) {
      long bits = storage.writable();
      e.set(storage.field(), storage.element(), bits == -1 ? value : e.and(value, bits));
    } else if (level > 0 && number == DAIF && !ArmMode.masksDebug(t.mode())) {
      Value kept = e.and(e.get(ArmState.PSTATE), ~Pstate.DAIF);
      e.set(ArmState.PSTATE, e.or(kept, e.and(value, Pstate.DAIF)));
      lookForInterrupts(t);
    } else if (level > 0 && number == SP_EL0) {
      needOwnStack(t);
      e.set(ArmState.SP, 0, value);
    } else {
      return false;
    }
    return true;
  }

  /** On with the next instruction; by way of the loop if an interrupt may have become possible. */
  static void lookForInterrupts(A64 t) {
    Emitter e = t.e();
    Block some = e.block();
    Block none = e.block();
    e.brcond(Cond.NE, e.get(ArmState.INPUTS), e.constant(0), some, none);
    e.bind(some);
    t.leave(ExitReason.LOOKUP);
    e.bind(none);
  }

  /** SP_EL0 is undefined to who uses it as its stack pointer (D19.2.127). */
  private static void needOwnStack(A64 t) {
    Emitter e = t.e();
    Block other = e.block();
    Block own = e.block();
    Value pstate = e.get(ArmState.PSTATE);
    e.brcond(Cond.TSTNE, pstate, e.constant(Pstate.SP_SELECT), own, other);
    e.bind(other);
    e.raise(Syndrome.UNKNOWN, e.constant(0));
    e.bind(own);
  }
}
