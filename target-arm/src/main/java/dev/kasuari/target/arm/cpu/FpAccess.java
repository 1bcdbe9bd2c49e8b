package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.GuestState;

/**
 * Whether floating-point and SIMD instructions may be used, and who is told if not. Source: DDI
 * 0487, J1.1 "AArch64.CheckFPAdvSIMDEnabled" and "AArch64.CheckFPAdvSIMDTrap".
 */
final class FpAccess {
  /** CPACR_EL1.FPEN, and CPTR_EL2.FPEN where HCR_EL2.E2H is 1. */
  private static final int FPEN_SHIFT = 20;

  /** CPTR_EL3.TFP, and CPTR_EL2.TFP where HCR_EL2.E2H is 0. */
  private static final long TFP = 1 << 10;

  /** The exception as AArch64 reports it: COND is valid and says always. */
  private static final int TRAP = Syndrome.FP_TRAP | 1 << 24 | 14 << 20;

  private final ArmCpu cpu;
  private final GuestState state;

  FpAccess(ArmCpu cpu) {
    this.cpu = cpu;
    this.state = cpu.state();
  }

  /** The level that an instruction at the current level traps to; 0 if it may be executed. */
  int trapLevel() {
    int level = cpu.level();
    if (level < 2 && !cpu.hypervisorHost(2) && disabled(state.get(ArmState.CPACR), level == 0)) {
      return 1;
    }
    if (level < 3 && cpu.hasHypervisor() && hypervisorTraps(level)) {
      return 2;
    }
    boolean monitor = cpu.model().levels() == 3;
    return monitor && (state.get(ArmState.CPTR, 3) & TFP) != 0 ? 3 : 0;
  }

  private boolean hypervisorTraps(int level) {
    long control = state.get(ArmState.CPTR, 2);
    if (!cpu.exceptions().hypervisor(Exceptions.HCR_E2H)) {
      return (control & TFP) != 0;
    }
    boolean application = level == 0 && cpu.exceptions().hypervisor(Exceptions.HCR_TGE);
    return disabled(control, application);
  }

  /** FPEN: 0 and 2 disable all, 1 applications alone. */
  private static boolean disabled(long control, boolean application) {
    return switch ((int) (control >> FPEN_SHIFT) & 3) {
      case 1 -> application;
      case 3 -> false;
      default -> true;
    };
  }

  /** Makes the next exception the trap of an instruction, and says which it is. */
  int trap() {
    int target = trapLevel();
    if (target == 1 && cpu.exceptions().hypervisor(Exceptions.HCR_TGE)) {
      cpu.exceptions().trapTo(2);
      return Syndrome.UNKNOWN;
    }
    cpu.exceptions().trapTo(target);
    return TRAP;
  }
}
