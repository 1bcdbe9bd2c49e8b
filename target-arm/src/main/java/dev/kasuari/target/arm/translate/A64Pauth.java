package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmCpu;
import dev.kasuari.target.arm.cpu.ArmMode;
import dev.kasuari.target.arm.cpu.ArmState;
import dev.kasuari.target.arm.cpu.BranchTargets;
import dev.kasuari.target.arm.cpu.PointerFormat;
import dev.kasuari.target.arm.cpu.SystemInstructions;
import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.Emitter;
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
  int GA = 4;
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
    Emitter e = t.e();
    if (!PointerFormat.isInLine(t.mode())) {
      return e.call(POINTER, e.constant(operation), pointer, modifier);
    }
    if (operation == GENERIC) {
      return e.and(code(e, pointer, modifier, GA), -1L << 32);
    }
    if (operation >= STRIP) {
      boolean data = operation > STRIP;
      Value upper = bit(e, pointer, 55);
      return e.xor(pointer, added(t, pointer, upper, data));
    }
    int key = operation & 3;
    if (!PointerFormat.enabled(t.mode(), key)) {
      return pointer;
    }
    return operation >= AUTHENTICATE
        ? authenticated(t, key, pointer, modifier)
        : signed(t, key, pointer, modifier);
  }

  // ---- codes in line: what PointerAuthentication does ------------------------------------------

  private static Value signed(A64 t, int key, Value pointer, Value modifier) {
    Emitter e = t.e();
    long mode = t.mode();
    boolean data = PointerFormat.isForData(key);
    Value upper = bit(e, pointer, PointerFormat.rangeBit(mode, data));
    Value added = added(t, pointer, upper, data);
    Value original = e.xor(pointer, added);
    Value spoilt = either(e, upper, range -> PointerFormat.spoilt(mode, range, data));
    Value change = e.select(Cond.EQ, added, 0, e.constant(0), spoilt);
    Value code = e.xor(code(e, original, modifier, key), change);
    Value bits = either(e, upper, range -> PointerFormat.code(mode, range, data));
    return e.xor(original, e.and(e.xor(code, upper), bits));
  }

  private static Value authenticated(A64 t, int key, Value pointer, Value modifier) {
    Emitter e = t.e();
    long mode = t.mode();
    boolean data = PointerFormat.isForData(key);
    Value upper = bit(e, pointer, 55);
    Value original = e.xor(pointer, added(t, pointer, upper, data));
    Value code = code(e, original, modifier, key);
    Value bits = either(e, upper, range -> PointerFormat.code(mode, range, data));
    Value wrong = e.and(e.xor(code, pointer), bits);
    Value cleared = either(e, upper, range -> ~PointerFormat.error(mode, range, data));
    Value error = either(e, upper, range -> PointerFormat.error(mode, range, key));
    return e.select(Cond.EQ, wrong, 0, original, e.or(e.and(original, cleared), error));
  }

  /** All bits are one of the pointer's. */
  private static Value bit(Emitter e, Value pointer, int bit) {
    return e.sar(e.shl(pointer, 63 - bit), 63);
  }

  /**
   * What is in a pointer beyond an address.
   *
   * @param upper all ones if the pointer is one to the upper range, otherwise 0
   */
  private static Value added(A64 t, Value pointer, Value upper, boolean data) {
    Emitter e = t.e();
    long mode = t.mode();
    Value field = either(e, upper, range -> PointerFormat.field(mode, range, data));
    return e.and(e.xor(pointer, upper), field);
  }

  /** What a range has, given which one it is. */
  private static Value either(Emitter e, Value upper, RangeConstant constant) {
    long one = constant.of(false);
    long other = constant.of(true);
    return one == other ? e.constant(one) : e.xor(e.and(upper, one ^ other), one);
  }

  /** A number that each of the two ranges of addresses has. */
  interface RangeConstant {
    long of(boolean upper);
  }

  private static Value code(Emitter e, Value value, Value modifier, int key) {
    Value low = e.get(ArmState.KEYS, 2 * key);
    Value high = e.get(ArmState.KEYS, 2 * key + 1);
    return e.hash(value, modifier, low, high);
  }

  // ---- instructions ----------------------------------------------------------------------------

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
