package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.cpu.ExceptionLoop;
import dev.kasuari.machine.cpu.GuestState;

/** Entry into exception levels and return from them. Source: DDI 0487, D1.3 and D1.4. */
final class Exceptions {
  private static final int SYNCHRONOUS = 0;
  private static final int IRQ = 0x80;
  private static final int FIQ = 0x100;
  private static final int SERROR = 0x180;

  // HCR_EL2.
  static final long HCR_FMO = 1 << 3;
  static final long HCR_IMO = 1 << 4;
  static final long HCR_AMO = 1 << 5;
  static final long HCR_TSC = 1 << 19;
  static final long HCR_VF = 1 << 6;
  static final long HCR_VI = 1 << 7;
  static final long HCR_VSE = 1 << 8;
  static final long HCR_TEA = 1L << 37;
  static final long HCR_TGE = 1 << 27;
  static final long HCR_RW = 1L << 31;
  static final long HCR_E2H = 1L << 34;

  // SCR_EL3.
  static final long SCR_NS = 1;
  static final long SCR_IRQ = 1 << 1;
  static final long SCR_FIQ = 1 << 2;
  static final long SCR_EA = 1 << 3;
  static final long SCR_SMD = 1 << 7;
  static final long SCR_HCE = 1 << 8;
  static final long SCR_RW = 1 << 10;

  private final ArmCpu cpu;
  private final GuestState state;
  private final Log log;

  private final ExceptionLoop loop = new ExceptionLoop();

  /** Where the next synchronous exception is taken if something traps it there; 0 if nothing. */
  private int trapLevel;

  Exceptions(ArmCpu cpu, Log log) {
    this.cpu = cpu;
    this.state = cpu.state();
    this.log = log;
  }

  /** The next synchronous exception is a trap to a level. */
  void trapTo(int level) {
    trapLevel = level;
  }

  // ---- synchronous exceptions ------------------------------------------------------------------

  /** Takes an exception numbered as {@link Syndrome} says. */
  void raise(int asked, long address) {
    int current = cpu.level();
    int cause = callable(asked & ~0x3ff_ffff, current) ? asked : Syndrome.UNKNOWN;
    int kind = cause & ~0x3ff_ffff;
    int target = target(kind, cause, current);
    trapLevel = 0;
    long pc = cpu.pc();
    boolean trapped = kind == Syndrome.SMC && target == 2;
    if (kind == Syndrome.SVC || kind == Syndrome.HVC || (kind == Syndrome.SMC && !trapped)) {
      pc += 4;
      cpu.stepped();
    }
    long syndrome = Integer.toUnsignedLong(cause & ~Syndrome.STAGE_2) | Syndrome.STAGE_2;
    if (target == current && hasLowerForm(kind)) {
      syndrome += 1 << 26;
    }
    if (kind == Syndrome.UNKNOWN) {
      syndrome = Syndrome.STAGE_2; // IL, which has the place of that mark
    }
    if (kind != Syndrome.UNKNOWN && (cause & Syndrome.STAGE_2) != 0) {
      state.set(ArmState.HPFAR, cpu.mmu().hpfar());
      if (kind == Syndrome.DATA_ABORT && (cause & Syndrome.S1PTW) == 0) {
        syndrome |= AccessSyndrome.of(cpu.instruction());
      }
    }
    if (hasAddress(kind)) {
      state.set(ArmState.FAR, target, kind == Syndrome.PC_ALIGNMENT ? pc : address);
    }
    state.set(ArmState.ESR, target, syndrome);
    if (log.on(LogCategory.INT)) {
      long shown = syndrome;
      log.write(
          LogCategory.INT,
          () ->
              "cpu%d: exception class 0x%x, syndrome 0x%x, at 0x%x from EL%d to EL%d"
                  .formatted(cpu.index(), shown >>> 26, shown, cpu.pc(), current, target));
    }
    long at = cpu.pc();
    enter(target, SYNCHRONOUS, pc);
    if (loop.taken(syndrome, address, at, cpu.pc())) {
      reportLoop(syndrome, address);
    }
  }

  private void reportLoop(long syndrome, long address) {
    log.write(
        LogCategory.GUEST_ERRORS,
        () ->
            "cpu%d: loops in an exception: class 0x%x, syndrome 0x%x (address 0x%x) at its own"
                    .formatted(cpu.index(), syndrome >>> 26, syndrome, address)
                + " handler, pc 0x%x at EL%d".formatted(cpu.pc(), cpu.level()));
  }

  /** Whether one more is the class of the same exception from the same level. */
  private static boolean hasLowerForm(int kind) {
    return switch (kind) {
      case Syndrome.INSTRUCTION_ABORT,
          Syndrome.DATA_ABORT,
          Syndrome.BREAKPOINT,
          Syndrome.STEP,
          Syndrome.WATCHPOINT ->
          true;
      default -> false;
    };
  }

  private static boolean hasAddress(int kind) {
    return switch (kind) {
      case Syndrome.INSTRUCTION_ABORT,
          Syndrome.DATA_ABORT,
          Syndrome.WATCHPOINT,
          Syndrome.PC_ALIGNMENT ->
          true;
      default -> false;
    };
  }

  private int target(int kind, int cause, int current) {
    if (trapLevel != 0) {
      return trapLevel;
    }
    return switch (kind) {
      case Syndrome.HVC -> Math.max(current, 2);
      case Syndrome.SMC -> current == 1 && hypervisor(HCR_TSC) ? 2 : 3;
      case Syndrome.INSTRUCTION_ABORT, Syndrome.DATA_ABORT -> abortTarget(cause, current);
      case Syndrome.BRK, Syndrome.BREAKPOINT, Syndrome.STEP, Syndrome.WATCHPOINT ->
          current < 2 && debuggedByHypervisor() ? 2 : standard(current);
      default -> standard(current);
    };
  }

  private int abortTarget(int cause, int current) {
    boolean external = isExternal(cause);
    boolean monitored = cpu.model().hasSecureMonitor() && (state.get(ArmState.SCR) & SCR_EA) != 0;
    if (external && monitored) {
      return 3;
    }
    boolean second = (cause & Syndrome.STAGE_2) != 0;
    return second || (external && current < 2 && hypervisor(HCR_TEA)) ? 2 : standard(current);
  }

  /** Synchronous external aborts, on the access and on its walk. */
  private static boolean isExternal(int cause) {
    int status = cause & 0x3f;
    return status == Syndrome.EXTERNAL || (status >= 0b010011 && status < 0b011000);
  }

  private boolean debuggedByHypervisor() {
    return cpu.el2Enabled() && (state.get(ArmState.MDCR, 2) & Traps.TDE) != 0;
  }

  /** Whether an instruction that calls a higher level may do so; if not it is undefined. */
  private boolean callable(int kind, int current) {
    return switch (kind) {
      case Syndrome.HVC -> current != 0 && hypervisorCallable(current);
      case Syndrome.SMC -> current != 0 && monitorCallable(current);
      default -> true;
    };
  }

  private boolean hypervisorCallable(int current) {
    if (!cpu.hasHypervisor() || (current == 1 && !cpu.el2Enabled())) {
      return false;
    }
    long scr = state.get(ArmState.SCR);
    return cpu.model().hasSecureMonitor()
        ? (scr & SCR_HCE) != 0 && (current == 3 || cpu.el2Enabled())
        : (state.get(ArmState.HCR) & Traps.HCD) == 0;
  }

  private boolean monitorCallable(int current) {
    if (current == 1 && hypervisor(HCR_TSC)) {
      return true;
    }
    return cpu.model().hasSecureMonitor() && (state.get(ArmState.SCR) & SCR_SMD) == 0;
  }

  /** EL1 for EL0, or EL2 if HCR_EL2.TGE says so; its own for every other level. */
  private int standard(int current) {
    if (current != 0) {
      return current;
    }
    return hypervisor(HCR_TGE) ? 2 : 1;
  }

  /** Whether EL2 is enabled and a bit of HCR_EL2 is set. */
  boolean hypervisor(long bit) {
    return (state.get(ArmState.HCR) & bit) != 0 && cpu.el2Enabled();
  }

  /** Where a trap of EL0 to {@code level} goes, which EL2 may take in the place of EL1. */
  int trapTarget(int level) {
    return level == 1 && cpu.level() == 0 && hypervisor(HCR_TGE) ? 2 : level;
  }

  // ---- interrupts ------------------------------------------------------------------------------

  /** The level that takes a physical interrupt (D1.3.6, table "Routing"). */
  int interruptTarget(int current, long secureBit, long hypervisorBit) {
    if (cpu.model().hasSecureMonitor() && (state.get(ArmState.SCR) & secureBit) != 0) {
      return 3;
    }
    if (current < 3 && (hypervisor(hypervisorBit) || hypervisor(HCR_TGE))) {
      return 2;
    }
    return 1;
  }

  void irq(int target) {
    traceInterrupt("IRQ", target);
    enter(target, IRQ, cpu.pc());
  }

  void fiq(int target) {
    traceInterrupt("FIQ", target);
    enter(target, FIQ, cpu.pc());
  }

  void serror(int target, long syndrome) {
    traceInterrupt("SError", target);
    state.set(ArmState.ESR, target, syndrome);
    enter(target, SERROR, cpu.pc());
  }

  private void traceInterrupt(String name, int target) {
    if (log.on(LogCategory.INT)) {
      int current = cpu.level();
      log.write(
          LogCategory.INT,
          () ->
              "cpu%d: %s at 0x%x from EL%d to EL%d"
                  .formatted(cpu.index(), name, cpu.pc(), current, target));
    }
  }

  // ---- entry and return ------------------------------------------------------------------------

  private void enter(int target, int vector, long returnAddress) {
    int current = cpu.level();
    long saved = cpu.savedState();
    int from;
    if (target > current) {
      from = 0x400;
    } else {
      from = (saved & Pstate.SP_SELECT) != 0 ? 0x200 : 0;
    }
    state.set(ArmState.SPSR, target, saved);
    state.set(ArmState.ELR, target, returnAddress);
    long sctlr = state.get(ArmState.SCTLR, target);
    long kept = saved & (Pstate.PAN | Pstate.DIT | Pstate.UAO);
    long pstate = (kept & ~Pstate.UAO) | Pstate.DAIF | Pstate.SP_SELECT;
    boolean panEntry =
        cpu.hasPan() && (sctlr & 1L << 23) == 0 && (target == 1 || cpu.hypervisorHost(target));
    if (panEntry) {
      pstate |= Pstate.PAN;
    }
    if ((sctlr & 1L << 44) != 0 && cpu.hasSsbs()) {
      pstate |= Pstate.SSBS;
    }
    state.set(ArmState.STEPPED, 0);
    cpu.switchTo(target, pstate);
    cpu.setPc(state.get(ArmState.VBAR, target) + from + vector);
  }

  /** ERET: to where SPSR and ELR of the current level say. */
  void eret() {
    eret(state.get(ArmState.ELR, cpu.level()));
  }

  /** A return to another address than ELR's. */
  void eret(long returnAddress) {
    int current = cpu.level();
    long saved = state.get(ArmState.SPSR, current);
    int target = (int) (saved >> Pstate.LEVEL_SHIFT) & 3;
    boolean legal = legal(saved, current, target);
    long address = cpu.branchAddress(returnAddress, legal ? target : current);
    state.set(ArmState.STEPPED, 0);
    long step = legal && cpu.debug().stepsAfterReturn(target, saved) ? Pstate.SS : 0;
    if (!legal) {
      // Everything but flags, masks and PAN stays, and the next instruction raises it (D1.4.5).
      long reinstated = 15L << Pstate.NZCV_SHIFT | Pstate.DAIF | Pstate.PAN;
      long kept = cpu.savedState() & ~reinstated & ~Pstate.SS;
      cpu.restoreState(kept | (saved & reinstated) | Pstate.IL);
      cpu.setPc(address);
      return;
    }
    cpu.restoreState((saved & ~Pstate.SS) | step);
    cpu.setPc(address);
    cpu.interrupts().check();
  }

  private boolean legal(long saved, int current, int target) {
    boolean stack = target != 0 || (saved & Pstate.SP_SELECT) == 0;
    boolean exists = target <= current && (target != 2 || cpu.el2Enabled());
    boolean hosted = target != 1 || !hypervisor(HCR_TGE);
    return (saved & (Pstate.AARCH32 | 1 << 1)) == 0 && stack && exists && hosted;
  }
}
