package dev.kasuari.target.riscv.cpu;

import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.cpu.ExceptionLoop;
import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.StateField;

/**
 * Entry into M- and S-mode, return from them, and the registers that go with it. Source:
 * privileged, sections 3.1.6 to 3.1.17, 3.3.2 and 12.1.
 */
final class Traps {
  /** What less privileged modes can raise; ecall from M-mode is not among it. */
  private static final long DELEGABLE = 0xb3ff;

  private static final int VECTORED = 1;

  private final RiscvCpu cpu;
  private final GuestState state;
  private final Status status;
  private final Log log;
  private final boolean supervisor;
  private final int xlen;
  private final long pcMask;
  private final ExceptionLoop loop = new ExceptionLoop();

  Traps(RiscvCpu cpu, Status status, Log log) {
    this.cpu = cpu;
    this.state = cpu.state();
    this.status = status;
    this.log = log;
    RiscvModel model = cpu.model();
    supervisor = model.has(RiscvOption.S);
    xlen = model.xlen();
    pcMask = model.has(RiscvOption.C) ? ~1L : ~3L;
  }

  void declare(CsrFile csrs) {
    if (supervisor) {
      csrs.split(
          0x302,
          0x312,
          "medeleg",
          () -> state.get(RiscvState.MEDELEG),
          (value, mask) -> state.set(RiscvState.MEDELEG, value & DELEGABLE));
    }
    vector(csrs, 0x305, "mtvec", RiscvState.MTVEC);
    csrs.field(0x340, "mscratch", RiscvState.MSCRATCH, -1);
    csrs.field(0x341, "mepc", RiscvState.MEPC, pcMask);
    csrs.field(0x342, "mcause", RiscvState.MCAUSE, -1);
    csrs.field(0x343, "mtval", RiscvState.MTVAL, -1);
    if (supervisor) {
      vector(csrs, 0x105, "stvec", RiscvState.STVEC);
      csrs.field(0x140, "sscratch", RiscvState.SSCRATCH, -1);
      csrs.field(0x141, "sepc", RiscvState.SEPC, pcMask);
      csrs.field(0x142, "scause", RiscvState.SCAUSE, -1);
      csrs.field(0x143, "stval", RiscvState.STVAL, -1);
    }
  }

  /** Modes 2 and 3 are reserved; a write that asks for them changes nothing. */
  private void vector(CsrFile csrs, int number, String name, StateField field) {
    csrs.add(
        number,
        name,
        () -> state.get(field),
        (value, mask) -> {
          if ((value & 3) <= VECTORED) {
            state.set(field, value);
          }
        });
  }

  /** Gives the supervisor every exception but its own calls. */
  void delegateAll() {
    state.set(RiscvState.MEDELEG, DELEGABLE & ~(1L << TrapCause.ECALL_FROM_S));
  }

  // ---- entry -----------------------------------------------------------------------------------

  /** True if S-mode handles this exception of the present mode. */
  boolean isDelegated(int cause) {
    return cpu.privilege() != Privilege.MACHINE
        && (state.get(RiscvState.MEDELEG) & 1L << cause) != 0;
  }

  void exception(int cause, long value) {
    boolean delegated = isDelegated(cause);
    if (log.on(LogCategory.INT)) {
      trace(TrapCause.exception(cause), cause, value, delegated);
    }
    long epc = state.get(RiscvState.PC);
    enter(cause, value, false, delegated);
    if (loop.taken(cause, value, epc, cpu.pc())) {
      cpu.trapLoop(
          "hart%d: loops in an exception: %s (value 0x%x) at its own handler, pc 0x%x in %s-mode"
              .formatted(
                  cpu.index(),
                  TrapCause.exception(cause),
                  value,
                  epc,
                  Privilege.name(cpu.privilege())));
    }
  }

  /** Takes an exception in S-mode whatever the delegation says, as firmware redirects it. */
  void redirect(int cause, long value) {
    enter(cause, value, false, true);
  }

  void interrupt(int number) {
    boolean delegated = cpu.interrupts().isDelegated(number);
    if (log.on(LogCategory.INT)) {
      trace(TrapCause.interrupt(number), number, 0, delegated);
    }
    enter(number, 0, true, delegated);
  }

  private void trace(String name, int cause, long value, boolean delegated) {
    log.write(
        LogCategory.INT,
        () ->
            "hart%d: %s (%d) epc 0x%x tval 0x%x %s -> %s"
                .formatted(
                    cpu.index(),
                    name,
                    cause,
                    state.get(RiscvState.PC),
                    value,
                    Privilege.name(cpu.privilege()),
                    delegated ? "S" : "M"));
  }

  private void enter(int cause, long value, boolean interrupt, boolean toSupervisor) {
    long privilege = cpu.privilege();
    long code = interrupt ? cause | 1L << (xlen - 1) : cause;
    long old = status.value();
    long vector;
    if (toSupervisor) {
      state.set(RiscvState.SEPC, state.get(RiscvState.PC));
      state.set(RiscvState.SCAUSE, code);
      state.set(RiscvState.STVAL, value);
      long stack =
          ((old & Status.SIE) != 0 ? Status.SPIE : 0)
              | (privilege == Privilege.SUPERVISOR ? Status.SPP : 0);
      status.replace(Status.SIE | Status.SPIE | Status.SPP, stack);
      state.set(RiscvState.PRIVILEGE, Privilege.SUPERVISOR);
      vector = state.get(RiscvState.STVEC);
    } else {
      state.set(RiscvState.MEPC, state.get(RiscvState.PC));
      state.set(RiscvState.MCAUSE, code);
      state.set(RiscvState.MTVAL, value);
      long stack = ((old & Status.MIE) != 0 ? Status.MPIE : 0) | privilege << Status.MPP_SHIFT;
      status.replace(Status.MIE | Status.MPIE | Status.MPP, stack);
      state.set(RiscvState.PRIVILEGE, Privilege.MACHINE);
      vector = state.get(RiscvState.MTVEC);
    }
    boolean indexed = interrupt && (vector & 3) == VECTORED;
    cpu.setPc((vector & ~3L) + (indexed ? 4L * cause : 0));
  }

  // ---- return ----------------------------------------------------------------------------------

  boolean mret() {
    if (cpu.privilege() != Privilege.MACHINE) {
      return false;
    }
    long old = status.value();
    long privilege = (old & Status.MPP) >> Status.MPP_SHIFT;
    long stack = Status.MPIE | ((old & Status.MPIE) != 0 ? Status.MIE : 0);
    long cleared = privilege == Privilege.MACHINE ? 0 : Status.MPRV;
    // The new MPP is the least privileged mode there is, which is U and encoded as zero.
    status.replace(Status.MIE | Status.MPIE | Status.MPP | cleared, stack);
    leave(privilege, RiscvState.MEPC);
    return true;
  }

  boolean sret() {
    boolean trapped = cpu.privilege() == Privilege.SUPERVISOR && status.has(Status.TSR);
    if (!supervisor || cpu.privilege() < Privilege.SUPERVISOR || trapped) {
      return false;
    }
    long old = status.value();
    long privilege = (old & Status.SPP) != 0 ? Privilege.SUPERVISOR : Privilege.USER;
    long stack = Status.SPIE | ((old & Status.SPIE) != 0 ? Status.SIE : 0);
    status.replace(Status.SIE | Status.SPIE | Status.SPP | Status.MPRV, stack);
    leave(privilege, RiscvState.SEPC);
    return true;
  }

  private void leave(long privilege, StateField epc) {
    state.set(RiscvState.PRIVILEGE, privilege);
    cpu.setPc(state.get(epc) & pcMask);
    cpu.interrupts().check();
  }

  void reset() {
    loop.reset();
  }
}
