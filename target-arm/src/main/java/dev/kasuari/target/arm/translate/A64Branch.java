package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmMode;
import dev.kasuari.target.arm.cpu.BranchTargets;
import dev.kasuari.target.arm.cpu.Syndrome;
import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.Block;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.Value;

/** Branches and exceptions. Source: DDI 0487, C6.2. */
interface A64Branch extends A64Instructions<A64> {
  /** The link register. */
  int LR = 30;

  @Override
  default void b(A64 t, int imm) {
    t.branch(imm);
  }

  @Override
  default void bl(A64 t, int imm) {
    t.setX(LR, t.nextPc());
    t.branch(imm);
  }

  @Override
  default void bCond(A64 t, int imm, int cond) {
    if (cond >= 14) {
      t.branch(imm);
      return;
    }
    var e = t.e();
    Block taken = e.block();
    Block next = e.block();
    e.brflags(A64.condition(cond), t.flags(), taken, next);
    t.branch(taken, next, imm);
  }

  private static void compareAndBranch(A64 t, Cond cond, int sf, int imm, int rt, long mask) {
    var e = t.e();
    Block taken = e.block();
    Block next = e.block();
    e.brcond(cond, t.x(sf, rt), t.constant(sf, mask), taken, next);
    t.branch(taken, next, imm);
  }

  @Override
  default void cbz(A64 t, int sf, int imm, int rt) {
    compareAndBranch(t, Cond.EQ, sf, imm, rt, 0);
  }

  @Override
  default void cbnz(A64 t, int sf, int imm, int rt) {
    compareAndBranch(t, Cond.NE, sf, imm, rt, 0);
  }

  @Override
  default void tbz(A64 t, int bit, int imm, int rt) {
    compareAndBranch(t, Cond.TSTEQ, 1, imm, rt, 1L << bit);
  }

  @Override
  default void tbnz(A64 t, int bit, int imm, int rt) {
    compareAndBranch(t, Cond.TSTNE, 1, imm, rt, 1L << bit);
  }

  /** The kind of a BR, which depends on the register: X16 and X17 are those of linkers. */
  static int jump(int rn) {
    return rn == 16 || rn == 17 ? BranchTargets.LINKED : BranchTargets.JUMP;
  }

  @Override
  default void br(A64 t, int rn) {
    t.branch(t.x(rn), jump(rn));
  }

  @Override
  default void blr(A64 t, int rn) {
    Value target = t.x(rn);
    t.setX(LR, t.nextPc());
    t.branch(target, BranchTargets.CALL);
  }

  @Override
  default void ret(A64 t, int rn) {
    t.branch(t.x(rn), 0);
  }

  /** The reservations are gone with it (DDI 0487, B2.12.5). */
  @Override
  default void eret(A64 t) {
    if (ArmMode.level(t.mode()) == 0) {
      t.undefined();
      return;
    }
    t.e().call(A64System.ERET);
    A64Atomic.clear(t);
    t.exitToPc();
  }

  /** Undefined unless in debug state, which there is none of. */
  @Override
  default void drps(A64 t) {
    t.undefined();
  }

  @Override
  default void svc(A64 t, int imm) {
    t.raise(Syndrome.SVC | imm);
  }

  /** A call of a level that there is, from any but EL0. */
  private static void callOf(A64 t, int level, int kind, int imm) {
    boolean answered = t.cpu().model().levels() >= level || t.cpu().callsFirmware(kind);
    if (ArmMode.level(t.mode()) == 0 || !answered) {
      t.undefined();
    } else {
      t.raise(kind | imm);
    }
  }

  @Override
  default void hvc(A64 t, int imm) {
    callOf(t, 2, Syndrome.HVC, imm);
  }

  @Override
  default void smc(A64 t, int imm) {
    callOf(t, 3, Syndrome.SMC, imm);
  }

  @Override
  default void brk(A64 t, int imm) {
    t.raise(Syndrome.BRK | imm);
  }

  /** No external debugger is there that would halt it. */
  @Override
  default void hlt(A64 t, int imm) {
    t.undefined();
  }

  @Override
  default void dcps1(A64 t, int imm) {
    t.undefined();
  }

  @Override
  default void dcps2(A64 t, int imm) {
    t.undefined();
  }

  @Override
  default void dcps3(A64 t, int imm) {
    t.undefined();
  }

  @Override
  default void udf(A64 t, int imm) {
    t.undefined();
  }
}
