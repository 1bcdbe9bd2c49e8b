package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.time.Timebase;
import dev.kasuari.machine.time.Timer;
import java.util.function.IntSupplier;

/**
 * The generic timers of a processing element: comparators of the system counter, each with an
 * output. Source: DDI 0487, chapter D11.
 *
 * <p>What the guest writes is compared under the machine's lock, as that is where outputs change
 * and where time comes.
 */
final class GenericTimers implements AutoCloseable {
  // Control registers of a timer.
  private static final long ENABLE = 1;
  private static final long IMASK = 2;
  private static final long ISTATUS = 4;

  // CNTKCTL_EL1, and CNTHCTL_EL2 where EL0 is a host's.
  private static final long EL0_PHYSICAL_COUNTER = 1;
  private static final long EL0_VIRTUAL_COUNTER = 1 << 1;
  private static final long EL0_VIRTUAL_TIMER = 1 << 8;
  private static final long EL0_PHYSICAL_TIMER = 1 << 9;

  private static final long SCR_ST = 1 << 11;

  /** One comparator. */
  private final class Comparator {
    private final int index;
    private final IrqLine output;
    private final Timer timer;

    Comparator(Machine machine, ArmTimer which) {
      index = which.ordinal();
      output = new IrqLine(which.line());
      timer = machine.timers().create("cpu" + cpu.index() + "." + which.line(), this::update);
    }

    private long count() {
      return time.now() - (index == ArmTimer.VIRTUAL.ordinal() ? virtualOffset() : 0);
    }

    private boolean reached() {
      return Long.compareUnsigned(count(), state.get(ArmState.CNT_CVAL, index)) >= 0;
    }

    /** As it is read; who reads that time is up finds the interrupt pending, too. */
    long control() {
      long control = state.get(ArmState.CNT_CTL, index);
      if ((control & ENABLE) == 0 || !reached()) {
        return control;
      }
      if ((control & IMASK) == 0 && !output.level()) {
        machine.locked(this::update);
      }
      return control | ISTATUS;
    }

    void setControl(long value) {
      machine.locked(() -> {
        state.set(ArmState.CNT_CTL, index, value & (ENABLE | IMASK));
        update();
      });
    }

    long deadline() {
      return state.get(ArmState.CNT_CVAL, index);
    }

    void setDeadline(long value) {
      machine.locked(() -> {
        state.set(ArmState.CNT_CVAL, index, value);
        update();
      });
    }

    long remaining() {
      return deadline() - count() & 0xffff_ffffL;
    }

    void setRemaining(long value) {
      setDeadline(count() + (int) value);
    }

    /** Drives the output and arms the timer for its next change. Under the lock. */
    void update() {
      long control = state.get(ArmState.CNT_CTL, index);
      boolean enabled = (control & ENABLE) != 0;
      long now = count(); // once, or the deadline may pass between the two questions
      boolean fired = enabled && Long.compareUnsigned(now, deadline()) >= 0;
      if (enabled && !fired && !closed) {
        timer.after(time.nanosOf(deadline() - now));
      } else {
        timer.cancel();
      }
      output.set(fired && (control & IMASK) == 0);
    }
  }

  private final ArmCpu cpu;
  private final GuestState state;
  private final Machine machine;
  private final Timebase time;
  private final Comparator[] comparators;
  private boolean closed;

  GenericTimers(ArmCpu cpu, Machine machine, Timebase time) {
    this.cpu = cpu;
    this.state = cpu.state();
    this.machine = machine;
    this.time = time;
    ArmTimer[] kinds = ArmTimer.values();
    comparators = new Comparator[kinds.length];
    for (ArmTimer kind : kinds) {
      comparators[kind.ordinal()] = new Comparator(machine, kind);
    }
  }

  /** High while a timer wants an interrupt. */
  IrqLine output(ArmTimer timer) {
    return comparators[timer.ordinal()].output;
  }

  /** After the state or the time was changed from outside: finds out anew. Any thread. */
  void update() {
    machine.locked(() -> {
      for (Comparator comparator : comparators) {
        comparator.update();
      }
    });
  }

  /** After all registers were zeroed. */
  void reset() {
    state.set(ArmState.CNTFRQ, time.frequency());
    update();
  }

  private long virtualOffset() {
    return cpu.hasHypervisor() ? state.get(ArmState.CNTVOFF) : 0;
  }

  // ---- registers -------------------------------------------------------------------------------

  void declare(SystemRegisters registers) {
    int highest = cpu.model().levels();
    registers.add(
        "cntfrq_el0",
        this::frequencyGuard,
        () -> state.get(ArmState.CNTFRQ),
        value -> state.set(ArmState.CNTFRQ, value & 0xffff_ffffL));
    registers.field("cntkctl_el1", ArmState.CNTKCTL, 0, 0x3_03ff);
    registers.add("cntpct_el0", this::physicalCounterGuard, time::now, null);
    registers.add("cntvct_el0", this::virtualCounterGuard, this::virtualCount, null);
    timer(registers, "cntp", "_el0", this::physicalTimerGuard, this::physical);
    timer(registers, "cntv", "_el0", this::virtualTimerGuard, this::virtual);
    if (highest >= 2) {
      declareHypervisors(registers);
    }
    if (highest == 3) {
      timer(registers, "cntps", "_el1", this::secureGuard, ArmTimer.SECURE_PHYSICAL::ordinal);
    }
  }

  /** FEAT_VHE: EL2 may be an operating system's. */
  private boolean hasHost() {
    return (cpu.model().identification("id_aa64mmfr1_el1") >> 8 & 0xf) != 0;
  }

  private void declareHypervisors(SystemRegisters registers) {
    registers.field("cnthctl_el2", ArmState.CNTHCTL, 0, 0x3_0fff);
    registers.add(
        "cntvoff_el2",
        () -> state.get(ArmState.CNTVOFF),
        value ->
            machine.locked(() -> {
              state.set(ArmState.CNTVOFF, value);
              comparators[ArmTimer.VIRTUAL.ordinal()].update();
            }));
    SystemRegister.Guard free = (level, writes) -> SystemRegister.Guard.PERMITTED;
    timer(registers, "cnthp", "_el2", free, ArmTimer.HYPERVISOR_PHYSICAL::ordinal);
    if (hasHost()) {
      timer(registers, "cnthv", "_el2", free, ArmTimer.HYPERVISOR_VIRTUAL::ordinal);
      timer(registers, "cntp", "_el02", this::otherNameGuard, ArmTimer.PHYSICAL::ordinal);
      timer(registers, "cntv", "_el02", this::otherNameGuard, ArmTimer.VIRTUAL::ordinal);
    }
  }

  private void timer(
      SystemRegisters registers,
      String name,
      String suffix,
      SystemRegister.Guard guard,
      IntSupplier which) {
    registers.add(
        name + "_ctl" + suffix,
        guard,
        () -> comparators[which.getAsInt()].control(),
        value -> comparators[which.getAsInt()].setControl(value));
    registers.add(
        name + "_cval" + suffix,
        guard,
        () -> comparators[which.getAsInt()].deadline(),
        value -> comparators[which.getAsInt()].setDeadline(value));
    registers.add(
        name + "_tval" + suffix,
        guard,
        () -> comparators[which.getAsInt()].remaining(),
        value -> comparators[which.getAsInt()].setRemaining(value));
  }

  /** Whether a level is EL2 of a host, or its EL0: names of EL1 then mean timers of EL2. */
  private boolean ofHost(int level) {
    return (level == 2 && cpu.exceptions().hypervisor(Exceptions.HCR_E2H))
        || (level == 0 && cpu.hypervisorHost(2));
  }

  private int physical() {
    ArmTimer timer = ofHost(cpu.level()) ? ArmTimer.HYPERVISOR_PHYSICAL : ArmTimer.PHYSICAL;
    return timer.ordinal();
  }

  private int virtual() {
    ArmTimer timer = ofHost(cpu.level()) ? ArmTimer.HYPERVISOR_VIRTUAL : ArmTimer.VIRTUAL;
    return timer.ordinal();
  }

  /** CNTVCT_EL0 as it is read here. */
  long virtualCount() {
    return time.now() - (ofHost(cpu.level()) ? 0 : virtualOffset());
  }

  // ---- who may ---------------------------------------------------------------------------------

  private int frequencyGuard(int level, boolean writes) {
    if (writes) {
      boolean highest = level == cpu.model().levels();
      return highest ? SystemRegister.Guard.PERMITTED : SystemRegister.Guard.UNDEFINED;
    }
    return el0(level, EL0_PHYSICAL_COUNTER | EL0_VIRTUAL_COUNTER);
  }

  private int physicalCounterGuard(int level, boolean writes) {
    int el0 = el0(level, EL0_PHYSICAL_COUNTER);
    return el0 != SystemRegister.Guard.PERMITTED ? el0 : el1(level, 0);
  }

  private int virtualCounterGuard(int level, boolean writes) {
    return el0(level, EL0_VIRTUAL_COUNTER);
  }

  private int physicalTimerGuard(int level, boolean writes) {
    int el0 = el0(level, EL0_PHYSICAL_TIMER);
    return el0 != SystemRegister.Guard.PERMITTED ? el0 : el1(level, 1);
  }

  private int virtualTimerGuard(int level, boolean writes) {
    return el0(level, EL0_VIRTUAL_TIMER);
  }

  /** EL1's controls of EL0, or those of EL2 if it is that of a host. */
  private int el0(int level, long anyOf) {
    if (level != 0) {
      return SystemRegister.Guard.PERMITTED;
    }
    boolean host = ofHost(0);
    long control = state.get(host ? ArmState.CNTHCTL : ArmState.CNTKCTL);
    if ((control & anyOf) != 0) {
      return SystemRegister.Guard.PERMITTED;
    }
    return cpu.exceptions().hypervisor(Exceptions.HCR_TGE) ? 2 : 1;
  }

  /** EL2's controls of what is physical: EL1PCTEN and EL1PCEN. */
  private int el1(int level, int bit) {
    boolean controlled = level < 2 && !ofHost(level) && hypervisorEnabled();
    int shift = cpu.exceptions().hypervisor(Exceptions.HCR_E2H) ? 10 : 0;
    boolean permitted = (state.get(ArmState.CNTHCTL) >> (shift + bit) & 1) != 0;
    return !controlled || permitted ? SystemRegister.Guard.PERMITTED : 2;
  }

  private boolean hypervisorEnabled() {
    boolean normal = cpu.model().levels() < 3 || (state.get(ArmState.SCR) & Exceptions.SCR_NS) != 0;
    return cpu.hasHypervisor() && normal;
  }

  private int otherNameGuard(int level, boolean writes) {
    boolean host = cpu.exceptions().hypervisor(Exceptions.HCR_E2H);
    return host ? SystemRegister.Guard.PERMITTED : SystemRegister.Guard.UNDEFINED;
  }

  private int secureGuard(int level, boolean writes) {
    if (level == 3) {
      return SystemRegister.Guard.PERMITTED;
    }
    long scr = state.get(ArmState.SCR);
    boolean secure = (scr & Exceptions.SCR_NS) == 0;
    if (level != 1 || !secure) {
      return SystemRegister.Guard.UNDEFINED;
    }
    return (scr & SCR_ST) != 0 ? SystemRegister.Guard.PERMITTED : 3;
  }

  @Override
  public void close() {
    machine.locked(() -> {
      closed = true;
      for (Comparator comparator : comparators) {
        comparator.timer.cancel();
      }
    });
  }
}
