package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmCpu;
import dev.kasuari.target.arm.cpu.ArmMode;
import dev.kasuari.target.arm.cpu.ArmModel;
import dev.kasuari.target.arm.cpu.ArmState;
import dev.kasuari.target.arm.cpu.Pstate;
import dev.kasuari.target.arm.cpu.SystemInstructions;
import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.target.arm.isa.A64SystemOperations;
import dev.kasuari.target.arm.isa.A64SystemRegisters;
import dev.kasuari.tcg.ir.Block;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/**
 * Barriers, PSTATE, system registers and system operations. What changes the mode is a call to the
 * processing element, after which the unit ends. Source: DDI 0487, C5 and C6.2.
 */
interface A64System extends A64Instructions<A64> {
  /** A call whose refusal is the exception that the processing element says. */
  abstract class CpuCall implements Helper {
    private final String name;

    CpuCall(String name) {
      this.name = name;
    }

    @Override
    public final String name() {
      return name;
    }

    abstract boolean perform(ArmCpu cpu, long a, long b);

    long result(ArmCpu cpu) {
      return 0;
    }

    @Override
    public final long call(Context context, long a, long b, long c) {
      var cpu = (ArmCpu) context.cpu();
      SystemInstructions system = cpu.instructions();
      if (!perform(cpu, a, b)) {
        context.raise(system.refusal(), system.refusedAddress());
        return 0;
      }
      return result(cpu);
    }
  }

  Helper ERET =
      new CpuCall("eret") {
        @Override
        boolean perform(ArmCpu cpu, long a, long b) {
          cpu.eret();
          return true;
        }
      };

  /** A floating-point or SIMD instruction that is disabled. */
  Helper VECTORS =
      new CpuCall("vectors") {
        @Override
        boolean perform(ArmCpu cpu, long a, long b) {
          return cpu.instructions().vectors();
        }
      };

  /** Argument: 0 for the key IA, 1 for IB. */
  Helper ERETA =
      new CpuCall("ereta") {
        @Override
        boolean perform(ArmCpu cpu, long a, long b) {
          return cpu.instructions().authenticatedReturn((int) a);
        }
      };

  /** Argument: the register's number, above it the general-purpose register. */
  Helper READ =
      new CpuCall("mrs") {
        @Override
        boolean perform(ArmCpu cpu, long a, long b) {
          return cpu.instructions().readRegister((int) a & 0xffff, (int) (a >> 16));
        }

        @Override
        long result(ArmCpu cpu) {
          return cpu.instructions().registerValue();
        }
      };

  /** Arguments: as above, and the value. */
  Helper WRITE =
      new CpuCall("msr") {
        @Override
        boolean perform(ArmCpu cpu, long a, long b) {
          return cpu.instructions().writeRegister((int) a & 0xffff, (int) (a >> 16), b);
        }
      };

  /** Arguments: op1, CRn, CRm and op2, above them the general-purpose register; and its value. */
  Helper OPERATE =
      new CpuCall("sys") {
        @Override
        boolean perform(ArmCpu cpu, long a, long b) {
          return cpu.instructions().operate((int) a & 0x3fff, (int) (a >> 16), b);
        }
      };

  /** Whether DC ZVA is permitted; arguments as above. */
  Helper MAY_ZERO =
      new CpuCall("dc zva") {
        @Override
        public boolean writesState() {
          return false;
        }

        @Override
        boolean perform(ArmCpu cpu, long a, long b) {
          return cpu.instructions().operate((int) a & 0x3fff, (int) (a >> 16), b);
        }
      };

  /**
   * Arguments: the bits of PSTATE that are to change, above them the instruction; and their values.
   */
  Helper PSTATE =
      new CpuCall("pstate") {
        @Override
        boolean perform(ArmCpu cpu, long a, long b) {
          return cpu.instructions().changePstate(a & 0xffff_ffffL, b, (int) (a >> 32));
        }
      };

  /** Invalidations that were begun are done when it returns. */
  Helper COMPLETE =
      new CpuCall("dsb") {
        @Override
        boolean perform(ArmCpu cpu, long a, long b) {
          cpu.instructions().completeInvalidations();
          return true;
        }
      };

  // ---- barriers --------------------------------------------------------------------------------

  private static void barrier(A64 t, int domain) {
    switch (domain & 3) {
      case 1 -> t.e().fence(MemDesc.FENCE_RR | MemDesc.FENCE_RW);
      case 2 -> t.e().fence(MemDesc.FENCE_WW);
      default -> t.e().fence(MemDesc.FENCE_ALL);
    }
  }

  @Override
  default void dmb(A64 t, int domain) {
    barrier(t, domain);
  }

  @Override
  default void dsb(A64 t, int domain) {
    barrier(t, domain);
    completeInvalidations(t);
  }

  @Override
  default void dsbNxs(A64 t, int domain) {
    barrier(t, 0);
    completeInvalidations(t);
  }

  /** If there was an invalidation, the unit ends, as its own translations may be gone. */
  private static void completeInvalidations(A64 t) {
    var e = t.e();
    Block some = e.block();
    Block none = e.block();
    Value pending = e.get(Type.I32, StateView.of(ArmState.SHOOTDOWN));
    e.brcond(Cond.NE, pending, e.constant32(0), some, none);
    e.bind(some);
    e.call(COMPLETE);
    t.leave(ExitReason.LOOKUP);
    e.bind(none);
  }

  /** What changed the context has ended its unit already, and code that is written is noticed. */
  @Override
  default void isb(A64 t, int crm) {}

  /** Nothing is speculated. */
  @Override
  default void sb(A64 t) {}

  // ---- PSTATE ----------------------------------------------------------------------------------

  private static void change(A64 t, long mask, long bits) {
    t.e().call(PSTATE, t.e().constant((long) t.encoding() << 32 | mask), t.e().constant(bits));
    t.exitToNext(ExitReason.LOOKUP);
  }

  @Override
  default void cfinv(A64 t) {
    t.setFlags(t.e().complementCarry(t.flags()));
  }

  /** Flags of a floating-point comparison of Arm's become those of others, where Z and V differ. */
  @Override
  default void axflag(A64 t) {
    var e = t.e();
    Value nzcv = A64Data.nzcv(t);
    Value v = e.and(nzcv, 1);
    Value z = e.and(e.or(nzcv, e.shl(v, 2)), 4);
    Value c = e.and(e.and(nzcv, e.xor(e.shl(v, 1), 2)), 2);
    t.setFlags(A64Data.unpacked(t, e.or(z, c)));
  }

  /** The other way. */
  @Override
  default void xaflag(A64 t) {
    var e = t.e();
    Value nzcv = A64Data.nzcv(t);
    Value z = e.extract(nzcv, 2, 1);
    Value c = e.extract(nzcv, 1, 1);
    Value notC = e.xor(c, 1);
    Value n = e.and(notC, e.xor(z, 1));
    Value flags = e.or(e.shl(n, 3), e.shl(e.and(z, c), 2));
    flags = e.or(flags, e.shl(e.or(c, z), 1));
    t.setFlags(A64Data.unpacked(t, e.or(flags, e.and(notC, z))));
  }

  /** A bit that EL0 cannot reach. */
  private static void privileged(A64 t, long bit, int imm) {
    if (ArmMode.level(t.mode()) == 0) {
      t.undefined();
    } else {
      change(t, bit, (imm & 1) != 0 ? bit : 0);
    }
  }

  @Override
  default void msrUao(A64 t, int imm) {
    privileged(t, Pstate.UAO, imm);
  }

  @Override
  default void msrPan(A64 t, int imm) {
    privileged(t, Pstate.PAN, imm);
  }

  @Override
  default void msrSpsel(A64 t, int imm) {
    privileged(t, Pstate.SP_SELECT, imm);
  }

  @Override
  default void msrSsbs(A64 t, int imm) {
    change(t, Pstate.SSBS, (imm & 1) != 0 ? Pstate.SSBS : 0);
  }

  @Override
  default void msrDit(A64 t, int imm) {
    change(t, Pstate.DIT, (imm & 1) != 0 ? Pstate.DIT : 0);
  }

  @Override
  default void msrDaifset(A64 t, int imm) {
    long bits = (long) imm << 6;
    if (ArmMode.level(t.mode()) == 0 || (ArmMode.masksDebug(t.mode()) && (imm & 8) != 0)) {
      change(t, bits, bits);
      return;
    }
    // What is masked later than it could be does no harm, so the unit goes on.
    t.e().set(ArmState.PSTATE, t.e().or(t.e().get(ArmState.PSTATE), bits));
  }

  @Override
  default void msrDaifclr(A64 t, int imm) {
    long bits = (long) imm << 6;
    if (ArmMode.level(t.mode()) == 0 || (ArmMode.masksDebug(t.mode()) && (imm & 8) != 0)) {
      change(t, bits, 0);
      return;
    }
    t.e().set(ArmState.PSTATE, t.e().and(t.e().get(ArmState.PSTATE), ~bits));
    InlineRegisters.lookForInterrupts(t);
  }

  /** Floating-point and SIMD instructions trap where they are disabled. */
  @Override
  default boolean vectors(A64 t) {
    if (!ArmMode.fpTraps(t.mode())) {
      return true;
    }
    t.e().call(VECTORS);
    t.exitToNext(ExitReason.LOOKUP);
    return false;
  }

  // ---- system registers ------------------------------------------------------------------------

  int NZCV = A64SystemRegisters.number("nzcv");
  int RNDR = A64SystemRegisters.number("rndr");
  int RNDRRS = A64SystemRegisters.number("rndrrs");

  @Override
  default void mrs(A64 t, int reg, int rt) {
    var e = t.e();
    if (reg == NZCV) {
      Value nzcv = e.shl(A64Data.nzcv(t), Pstate.NZCV_SHIFT);
      t.setX(rt, nzcv);
      return;
    }
    if (FloatControl.has(t, reg)) {
      if (vectors(t)) {
        t.setX(rt, FloatControl.read(t, reg));
      }
      return;
    }
    if (InlineRegisters.read(t, reg, rt)) {
      return;
    }
    t.setX(rt, e.call(READ, e.constant(reg | (long) rt << 16)));
    if (reg == RNDR || reg == RNDRRS) {
      // The number is there at once, which the flags say.
      t.setFlags(A64Data.unpacked(t, t.constant(0, 0)));
    }
  }

  @Override
  default void msr(A64 t, int reg, int rt) {
    var e = t.e();
    if (reg == NZCV) {
      t.setFlags(A64Data.unpacked(t, e.shr(t.x(0, rt), Pstate.NZCV_SHIFT)));
      return;
    }
    if (FloatControl.has(t, reg)) {
      if (vectors(t)) {
        FloatControl.write(t, reg, t.x(rt));
      }
      return;
    }
    if (InlineRegisters.write(t, reg, t.x(rt))) {
      return;
    }
    e.call(WRITE, e.constant(reg | (long) rt << 16), t.x(rt));
    t.exitToNext(ExitReason.LOOKUP);
  }

  int DC_ZVA = A64SystemOperations.number(3, 7, 4, 1);

  /**
   * The unit goes on: where an invalidation changes what is to be executed, DSB completes it, and
   * ends the unit. Of the maintenance of caches there is nothing to do but to ask who may.
   */
  @Override
  default void sys(A64 t, int op, int rt) {
    var e = t.e();
    boolean free = t.cpu().trapsNothing(ArmMode.level(t.mode()));
    if (op == DC_ZVA) {
      zeroBlock(t, op, rt);
    } else if (!free || !t.cpu().instructions().maintainsCaches(op)) {
      e.call(OPERATE, e.constant(op | (long) rt << 16), t.x(rt));
    }
  }

  /** Stores zeros to the block around an address, where nothing can forbid it without a call. */
  private static void zeroBlock(A64 t, int op, int rt) {
    var e = t.e();
    if (!t.cpu().trapsNothing(ArmMode.level(t.mode()))) {
      e.call(MAY_ZERO, e.constant(op | (long) rt << 16), t.x(rt));
    }
    Value first = e.and(t.x(rt), -ArmModel.ZERO_BLOCK);
    for (int offset = 0; offset < ArmModel.ZERO_BLOCK; offset += 8) {
      e.store(t.mem(3), t.plus(first, offset), e.constant(0));
    }
  }

  /** None of the operations there are has a result. */
  @Override
  default void sysl(A64 t, int op, int rt) {
    t.undefined();
  }
}
