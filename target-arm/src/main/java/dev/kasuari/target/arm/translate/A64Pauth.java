package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmCpu;
import dev.kasuari.target.arm.cpu.ArmMode;
import dev.kasuari.target.arm.cpu.BranchTargets;
import dev.kasuari.target.arm.cpu.SystemInstructions;
import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/** Pointer authentication. Source: DDI 0487, C6.2 and D8.9. */
interface A64Pauth extends A64Instructions<A64> {
  int SIGN = 0;
  int AUTHENTICATE = 4;
  int STRIP = 8;
  int GENERIC = 10;
  int DA = 2;
  int SP = 31;

  /** Arguments: what to do with which key, the pointer and the modifier. */
  Helper POINTER =
      new Helper() {
        @Override
        public String name() {
          return "pointer";
        }

        @Override
        public boolean writesState() {
          return false;
        }

        @Override
        public long call(Context context, long a, long b, long c) {
          SystemInstructions system = ((ArmCpu) context.cpu()).instructions();
          if (!system.mayAuthenticate((int) a)) {
            context.raise(system.refusal(), 0);
            return 0;
          }
          return system.authenticate((int) a, b, c);
        }
      };

  private static Value pointer(A64 t, int operation, Value pointer, Value modifier) {
    var e = t.e();
    return e.call(POINTER, e.constant(operation), pointer, modifier);
  }

  private static Value zero(A64 t) {
    return t.e().constant(0);
  }

  @Override
  default void pac(A64 t, int key, int rn, int rd) {
    t.setX(rd, pointer(t, SIGN + key, t.x(rd), t.xsp(1, rn)));
  }

  @Override
  default void aut(A64 t, int key, int rn, int rd) {
    t.setX(rd, pointer(t, AUTHENTICATE + key, t.x(rd), t.xsp(1, rn)));
  }

  @Override
  default void pacz(A64 t, int key, int rd) {
    t.setX(rd, pointer(t, SIGN + key, t.x(rd), zero(t)));
  }

  @Override
  default void autz(A64 t, int key, int rd) {
    t.setX(rd, pointer(t, AUTHENTICATE + key, t.x(rd), zero(t)));
  }

  @Override
  default void xpaci(A64 t, int rd) {
    t.setX(rd, pointer(t, STRIP, t.x(rd), zero(t)));
  }

  @Override
  default void xpacd(A64 t, int rd) {
    t.setX(rd, pointer(t, STRIP + 1, t.x(rd), zero(t)));
  }

  @Override
  default void pacga(A64 t, int rm, int rn, int rd) {
    t.setX(rd, pointer(t, GENERIC, t.x(rn), t.xsp(1, rm)));
  }

  // ---- hints, which do nothing where there are no keys -----------------------------------------

  private static void link(A64 t, int operation, Value modifier) {
    t.setX(A64Branch.LR, pointer(t, operation, t.x(A64Branch.LR), modifier));
  }

  @Override
  default void xpaclri(A64 t) {
    link(t, STRIP, zero(t));
  }

  @Override
  default void pac1716(A64 t, int key) {
    t.setX(17, pointer(t, SIGN + key, t.x(17), t.x(16)));
  }

  @Override
  default void aut1716(A64 t, int key) {
    t.setX(17, pointer(t, AUTHENTICATE + key, t.x(17), t.x(16)));
  }

  @Override
  default void paczLr(A64 t, int key) {
    link(t, SIGN + key, zero(t));
  }

  @Override
  default void pacspLr(A64 t, int key) {
    link(t, SIGN + key, t.xsp(1, SP));
  }

  @Override
  default void autzLr(A64 t, int key) {
    link(t, AUTHENTICATE + key, zero(t));
  }

  @Override
  default void autspLr(A64 t, int key) {
    link(t, AUTHENTICATE + key, t.xsp(1, SP));
  }

  // ---- branches and loads ----------------------------------------------------------------------

  private static void jump(A64 t, int key, int rn, Value modifier, int kind) {
    Value target = pointer(t, AUTHENTICATE + key, t.x(rn), modifier);
    if (kind == BranchTargets.CALL) {
      t.setX(A64Branch.LR, t.nextPc());
    }
    t.branch(target, kind);
  }

  @Override
  default void bra(A64 t, int key, int rn, int rm) {
    jump(t, key, rn, t.xsp(1, rm), A64Branch.jump(rn));
  }

  @Override
  default void blra(A64 t, int key, int rn, int rm) {
    jump(t, key, rn, t.xsp(1, rm), BranchTargets.CALL);
  }

  @Override
  default void braz(A64 t, int key, int rn) {
    jump(t, key, rn, zero(t), A64Branch.jump(rn));
  }

  @Override
  default void blraz(A64 t, int key, int rn) {
    jump(t, key, rn, zero(t), BranchTargets.CALL);
  }

  @Override
  default void reta(A64 t, int key) {
    jump(t, key, A64Branch.LR, t.xsp(1, SP), 0);
  }

  @Override
  default void ereta(A64 t, int key) {
    if (ArmMode.level(t.mode()) == 0) {
      t.undefined();
      return;
    }
    t.e().call(A64System.ERETA, t.e().constant(key));
    A64Atomic.clear(t);
    t.exitToPc();
  }

  @Override
  default void ldra(A64 t, int key, int index, int rt, int rn, int imm) {
    Value base = pointer(t, AUTHENTICATE + DA + key, t.base(rn), zero(t));
    Value address = t.plus(base, imm);
    Value loaded = t.e().load(t.mem(3), Type.I64, address);
    if (index == 1) {
      t.setXsp(rn, address);
    }
    t.setX(rt, loaded);
  }
}
