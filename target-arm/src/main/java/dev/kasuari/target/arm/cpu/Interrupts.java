package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.cpu.GuestState;

/**
 * The interrupt inputs and which of them is taken. Source: DDI 0487, D1.3.6.
 *
 * <p>Inputs change on any thread. Whoever raises one kicks the processing element afterwards; that
 * unmasks first and looks afterwards; so one of the two sees the other.
 */
final class Interrupts {
  static final long FIQ = Pstate.F;
  static final long IRQ = Pstate.I;
  static final long VFIQ = FIQ << 16;
  static final long VIRQ = IRQ << 16;

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

  /** ISR_EL1: what is pending. */
  long status() {
    return state.getVolatile(ArmState.INPUTS) & (IRQ | FIQ);
  }

  /** True if something is pending that ends WFI, masked or not. Any thread. */
  boolean wakes() {
    return state.getVolatile(ArmState.INPUTS) != 0;
  }

  /** After a change that may let an interrupt through: has the processing element look. */
  void check() {
    if (state.getVolatile(ArmState.INPUTS) != 0) {
      cpu.kick();
    }
  }

  /** Takes the most urgent interrupt that is not masked, if there is one. */
  boolean deliver() {
    long inputs = state.getVolatile(ArmState.INPUTS);
    if (inputs == 0) {
      return false;
    }
    return physical(inputs, FIQ, Exceptions.SCR_FIQ, Exceptions.HCR_FMO)
        || physical(inputs, IRQ, Exceptions.SCR_IRQ, Exceptions.HCR_IMO)
        || virtual(inputs, VFIQ, FIQ, Exceptions.HCR_FMO)
        || virtual(inputs, VIRQ, IRQ, Exceptions.HCR_IMO);
  }

  private boolean physical(long inputs, long bit, long secureBit, long hypervisorBit) {
    if ((inputs & bit) == 0) {
      return false;
    }
    int current = cpu.level();
    int target = cpu.exceptions().interruptTarget(current, secureBit, hypervisorBit);
    boolean masked = (state.get(ArmState.PSTATE) & bit) != 0;
    // At a lower level than its own nothing masks it but for EL1, whose masks EL0 has, too.
    boolean taken = target > current ? target > 1 || !masked : target == current && !masked;
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

  private void take(int target, long bit) {
    if (bit == FIQ) {
      cpu.exceptions().fiq(target);
    } else {
      cpu.exceptions().irq(target);
    }
  }
}
