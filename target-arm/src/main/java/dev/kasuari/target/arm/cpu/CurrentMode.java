package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.target.arm.isa.A64Features;

/** What the mode word of a processing element is now, and its regimes. */
final class CurrentMode {
  private static final long SCTLR_A = 1 << 1;
  private static final long SCTLR_SA = 1 << 3;
  private static final long SCTLR_SA0 = 1 << 4;
  private static final long SCTLR_NAA = 1 << 6;
  private static final long SCTLR_E0E = 1 << 24;
  private static final long SCTLR_EE = 1 << 25;
  private static final long SCTLR_BT0 = 1L << 35;
  private static final long SCTLR_BT = 1L << 36;

  // TCR_ELx: where one range of addresses, and where two ranges have their TBI and TBID.
  private static final int TBI = 20;
  private static final int TBID = 29;
  private static final int TBI0 = 37;
  private static final int TBID0 = 51;

  private final ArmCpu cpu;
  private final GuestState state;

  CurrentMode(ArmCpu cpu) {
    this.cpu = cpu;
    this.state = cpu.state();
  }

  /** The mode word. */
  long word() {
    int level = cpu.level();
    long pstate = state.get(ArmState.PSTATE);
    long sctlr = state.get(ArmState.SCTLR, controlLevel(level));
    Regime data = data(level, (pstate & Pstate.PAN) != 0);
    Regime unprivileged = (pstate & Pstate.UAO) != 0 ? data : unprivileged(data);
    boolean strict = (sctlr & (level == 0 ? SCTLR_BT0 : SCTLR_BT)) != 0;
    return ArmMode.floating(state.get(ArmState.FPCR))
        | cpu.debug().modeBits()
        | cpu.instructions().pointerBits()
        | ArmMode.targets(cpu.model().has(A64Features.BTI) && strict)
        | ArmMode.ordered(cpu.model().has(A64Features.LSE2) && (sctlr & SCTLR_NAA) != 0)
        | ArmMode.pack(
            level,
            data,
            unprivileged,
            cpu.instructions().fpAccess().trapLevel() != 0,
            (sctlr & (level == 0 ? SCTLR_SA0 : SCTLR_SA)) != 0,
            (sctlr & SCTLR_A) != 0,
            (pstate & Pstate.IL) != 0,
            (sctlr & (level == 0 ? SCTLR_E0E : SCTLR_EE)) != 0);
  }

  /** The level whose SCTLR controls one: its own, and for EL0 that above it. */
  private int controlLevel(int level) {
    if (level != 0) {
      return level;
    }
    return cpu.hypervisorHost(2) ? 2 : 1;
  }

  /** The regime of loads, stores and, without PAN, fetches. */
  Regime data(int level, boolean pan) {
    return switch (level) {
      case 0 -> cpu.hypervisorHost(2) ? Regime.E20_0 : Regime.E10_0;
      case 1 -> pan ? Regime.E10_1_PAN : Regime.E10_1;
      case 2 -> {
        if (!cpu.exceptions().hypervisor(Exceptions.HCR_E2H)) {
          yield Regime.E2;
        }
        yield pan ? Regime.E20_2_PAN : Regime.E20_2;
      }
      default -> Regime.E3;
    };
  }

  private Regime unprivileged(Regime data) {
    return switch (data) {
      case E10_1, E10_1_PAN -> Regime.E10_0;
      case E20_2, E20_2_PAN -> cpu.hypervisorHost(2) ? Regime.E20_0 : data;
      default -> data;
    };
  }

  /**
   * Where a branch leads: the top byte of its target is ignored where that of data is, unless TBID
   * says that only that is (DDI 0487, D8.8.1, and the function AArch64.BranchAddr).
   *
   * @param level at which the target is run
   */
  long branchAddress(long target, int level) {
    Regime regime = data(level, false);
    long tcr = state.get(ArmState.TCR, regime.level());
    if (!regime.twoRanges()) {
      return ignoresTop(tcr, TBI, TBID) ? target & -1L >>> 8 : target;
    }
    int upper = (int) (target >>> 55) & 1;
    return ignoresTop(tcr, TBI0 + upper, TBID0 + upper) ? target << 8 >> 8 : target;
  }

  private boolean ignoresTop(long tcr, int tbi, int tbid) {
    boolean dataOnly = cpu.model().has(A64Features.PAUTH) && (tcr >>> tbid & 1) != 0;
    return (tcr >>> tbi & 1) != 0 && !dataOnly;
  }
}
