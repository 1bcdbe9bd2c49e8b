package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.cpu.GuestState;

/**
 * The interrupt inputs and which of them is taken. Source: DDI 0487, D1.3.6.
 *
 * <p>Inputs change on any thread. Whoever raises one kicks the processing element afterwards; that
 * unmasks first and looks afterwards; so one of the two sees the other.
 */
public final class Interrupts {
  static final long FIQ = Pstate.F;
  static final long IRQ = Pstate.I;
  static final long VFIQ = FIQ << 16;
  static final long VIRQ = IRQ << 16;

  /** In the inputs: HCR_EL2 has something pending. */
  private static final long BY_HYPERVISOR = 1L << 32;

  private static final long HCR_PENDING =
      Exceptions.HCR_VI | Exceptions.HCR_VF | Exceptions.HCR_VSE;

  private final ArmCpu cpu;
  private final GuestState state;
  private final IrqLine irq = line("irq", IRQ);
  private final IrqLine fiq = line("fiq", FIQ);
  private final IrqLine virq = line("virq", VIRQ);
  private final IrqLine vfiq = line("vfiq", VFIQ);

  Interrupts(ArmCpu cpu) {
    this.cpu = cpu;
    this.state = cpu.state();
  }

  private IrqLine line(String name, long bit) {
    return new IrqLine(name, high -> set(bit, high));
  }

  private void set(long bit, boolean high) {
    state.update(ArmState.INPUTS, bit, high ? bit : 0);
    if (high) {
      cpu.kick();
    }
  }

  /** HCR_EL2 was written: translated code looks at the inputs alone. */
  void hypervisorChanged() {
    boolean any = (state.get(ArmState.HCR) & HCR_PENDING) != 0;
    state.update(ArmState.INPUTS, BY_HYPERVISOR, any ? BY_HYPERVISOR : 0);
    check();
  }

  IrqLine irq() {
    return irq;
  }

  IrqLine fiq() {
    return fiq;
  }

  IrqLine virq() {
    return virq;
  }

  IrqLine vfiq() {
    return vfiq;
  }

  /** After all registers were zeroed: what the wires still say. */
  void reset() {
    long inputs = irq.level() ? IRQ : 0;
    inputs |= fiq.level() ? FIQ : 0;
    inputs |= virq.level() ? VIRQ : 0;
    inputs |= vfiq.level() ? VFIQ : 0;
    state.update(ArmState.INPUTS, -1, inputs);
  }

  /** ISR_EL1: what is pending, for EL1 of what EL2 gives it. */
  long status() {
    long inputs = pending();
    if (cpu.level() != 1) {
      return inputs & (IRQ | FIQ);
    }
    boolean error = hypervisor(Exceptions.HCR_AMO) && hypervisor(Exceptions.HCR_VSE);
    return seen(inputs, IRQ, Exceptions.HCR_IMO)
        | seen(inputs, FIQ, Exceptions.HCR_FMO)
        | (error ? Pstate.A : 0);
  }

  private long seen(long inputs, long bit, long virtual) {
    return (hypervisor(virtual) ? inputs >> 16 : inputs) & bit;
  }

  private boolean hypervisor(long bit) {
    return cpu.exceptions().hypervisor(bit);
  }

  /** Inputs, and what HCR_EL2 has pending. */
  private long pending() {
    long inputs = state.getVolatile(ArmState.INPUTS) & ~BY_HYPERVISOR;
    long hcr = state.get(ArmState.HCR);
    if ((hcr & (Exceptions.HCR_VI | Exceptions.HCR_VF)) != 0 && cpu.hasHypervisor()) {
      inputs |= (hcr & Exceptions.HCR_VI) != 0 ? VIRQ : 0;
      inputs |= (hcr & Exceptions.HCR_VF) != 0 ? VFIQ : 0;
    }
    return inputs;
  }

  private boolean error() {
    return (state.get(ArmState.HCR) & Exceptions.HCR_VSE) != 0 && cpu.hasHypervisor();
  }

  /** True if something is pending that ends WFI, masked or not. Any thread. */
  boolean wakes() {
    return pending() != 0 || error();
  }

  /** After a change that may let an interrupt through: has the processing element look. */
  void check() {
    if (pending() != 0 || error()) {
      cpu.kick();
    }
  }

  /** Takes the most urgent interrupt that is not masked, if there is one. */
  boolean deliver() {
    long inputs = pending();
    if (inputs == 0 && !error()) {
      return false;
    }
    return physical(inputs, FIQ, Exceptions.SCR_FIQ, Exceptions.HCR_FMO)
        || physical(inputs, IRQ, Exceptions.SCR_IRQ, Exceptions.HCR_IMO)
        || virtual(inputs, VIRQ, IRQ, Exceptions.HCR_IMO)
        || virtual(inputs, VFIQ, FIQ, Exceptions.HCR_FMO)
        || virtualError();
  }

  private boolean physical(long inputs, long bit, long secureBit, long hypervisorBit) {
    if ((inputs & bit) == 0) {
      return false;
    }
    int current = cpu.level();
    int target = cpu.exceptions().interruptTarget(current, secureBit, hypervisorBit);
    boolean masked = (state.get(ArmState.PSTATE) & bit) != 0;
    // At a lower level than its own nothing masks it but for EL1, whose masks EL0 has, too, and
    // EL2 of a host.
    boolean maskable = target == 1 || (target == 2 && cpu.hypervisorHost(2));
    boolean taken = target > current ? !maskable || !masked : target == current && !masked;
    if (taken) {
      take(target, bit);
    }
    return taken;
  }

  private boolean virtual(long inputs, long input, long bit, long hypervisorBit) {
    Exceptions exceptions = cpu.exceptions();
    boolean taken =
        (inputs & input) != 0
            && cpu.level() < 2
            && exceptions.hypervisor(hypervisorBit)
            && !exceptions.hypervisor(Exceptions.HCR_TGE)
            && (state.get(ArmState.PSTATE) & bit) == 0;
    if (taken) {
      take(1, bit);
    }
    return taken;
  }

  /** HCR_EL2.VSE: a virtual SError, which is gone when it is taken (D1.3.6). */
  private boolean virtualError() {
    boolean taken = errorHere() && (state.get(ArmState.PSTATE) & Pstate.A) == 0;
    if (taken) {
      clearError();
      long syndrome = Integer.toUnsignedLong(Syndrome.SERROR) | Syndrome.STAGE_2;
      cpu.exceptions().serror(1, syndrome | errorSyndrome());
    }
    return taken;
  }

  /** Whether a virtual SError is pending where it can be taken. */
  private boolean errorHere() {
    return error()
        && cpu.level() < 2
        && hypervisor(Exceptions.HCR_AMO)
        && !hypervisor(Exceptions.HCR_TGE);
  }

  private void clearError() {
    state.set(ArmState.HCR, state.get(ArmState.HCR) & ~Exceptions.HCR_VSE);
    hypervisorChanged();
  }

  /** IDS and ISS. */
  private long errorSyndrome() {
    return state.get(ArmState.VSESR) & 0x1ff_ffff;
  }

  /**
   * ESB: a virtual SError that is pending and masked is deferred, and VDISR_EL2 says so (DDI 0487,
   * the function AArch64.vESBOperation).
   */
  public void deferError() {
    if (errorHere() && (state.get(ArmState.PSTATE) & Pstate.A) != 0) {
      clearError();
      state.set(ArmState.VDISR, 1L << 31 | errorSyndrome());
    }
  }

  private void take(int target, long bit) {
    if (bit == FIQ) {
      cpu.exceptions().fiq(target);
    } else {
      cpu.exceptions().irq(target);
    }
  }
}
