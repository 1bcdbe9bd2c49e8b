package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmCpu;
import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.Helper;

/** Hints and waits. Source: DDI 0487, C6.2. */
interface A64Hints extends A64Instructions<A64> {
  /** Of a wait: it is one for an interrupt, not for an event. */
  int FOR_INTERRUPT = 1;

  /** Of a wait: it ends at a time. */
  int TIMED = 2;

  int REGISTER_SHIFT = 2;

  /** Arguments: what it waits for, above it the register with the time; and the time. */
  Helper WAIT =
      new A64System.CpuCall("wait") {
        // Nothing relies on it: what is waited for is looked at again in any case.
        @SuppressWarnings("ThreadPriorityCheck")
        @Override
        boolean perform(ArmCpu cpu, long a, long b) {
          boolean forInterrupt = (a & FOR_INTERRUPT) != 0;
          boolean may =
              (a & TIMED) == 0
                  ? cpu.instructions().mayWait(forInterrupt)
                  : cpu.instructions().mayWaitUntil(forInterrupt, (int) a >> REGISTER_SHIFT, b);
          if (may && !forInterrupt) {
            Thread.yield();
          }
          return may;
        }
      };

  /** What is deferred is in VDISR_EL2 when it returns. */
  Helper DEFER_ERRORS =
      new A64System.CpuCall("esb") {
        @Override
        boolean perform(ArmCpu cpu, long a, long b) {
          cpu.interrupts().deferError();
          return true;
        }
      };

  @Override
  default void nop(A64 t) {}

  @Override
  default void hint(A64 t, int imm) {}

  @Override
  default void csdb(A64 t) {}

  @Override
  default void dgh(A64 t) {}

  /** Who came here by a branch that is not welcome never got here. */
  @Override
  default void bti(A64 t, int target) {}

  /** Only a hypervisor makes errors, and only virtual ones. */
  @Override
  default void esb(A64 t) {
    if (t.cpu().model().hasHypervisor()) {
      t.e().call(DEFER_ERRORS);
      t.exitToNext(ExitReason.LOOKUP);
    }
  }

  // ---- waits -----------------------------------------------------------------------------------

  /** Another processing element may be the one that is waited for. */
  @Override
  default void yield(A64 t) {
    t.exitToNext(ExitReason.LOOKUP);
  }

  private static void await(A64 t, int what, int rt) {
    var e = t.e();
    e.call(WAIT, e.constant(what | (long) rt << REGISTER_SHIFT), t.x(rt));
    t.exitToNext((what & FOR_INTERRUPT) != 0 ? ExitReason.HALT : ExitReason.LOOKUP);
  }

  /** A wait for an event may end for any reason; ours ends after others had a chance to run. */
  @Override
  default void wfe(A64 t) {
    await(t, 0, 31);
  }

  @Override
  default void wfi(A64 t) {
    await(t, FOR_INTERRUPT, 31);
  }

  @Override
  default void wfet(A64 t, int rt) {
    await(t, TIMED, rt);
  }

  @Override
  default void wfit(A64 t, int rt) {
    await(t, TIMED | FOR_INTERRUPT, rt);
  }

  /** Nobody sleeps for an event. */
  @Override
  default void sev(A64 t) {}

  @Override
  default void sevl(A64 t) {}
}
