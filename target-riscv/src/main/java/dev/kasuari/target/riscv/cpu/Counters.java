package dev.kasuari.target.riscv.cpu;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.StateField;
import dev.kasuari.machine.time.Timebase;

/**
 * Cycle, time and instruction counters and who may read them. Source: unprivileged, chapter 8;
 * privileged, sections 3.1.10 to 3.1.12 and 12.1.5.
 *
 * <p>A cycle is an instruction, so that a run repeated counts the same. The other performance
 * counters read zero.
 */
final class Counters {
  static final int CYCLE = 0;
  static final int TIME = 1;
  static final int INSTRET = 2;

  private static final int FIRST_HPM = 3;
  private static final int LAST_HPM = 31;
  private static final long INHIBITABLE = 1 << CYCLE | 1 << INSTRET;
  private static final long ALL_ENABLES = 0xffff_ffffL;
  private static final long BASIC_ENABLES = 7;

  private final RiscvCpu cpu;
  private final GuestState state;
  private final RiscvModel model;
  private final Timebase time;
  private final long enables;

  Counters(RiscvCpu cpu, Timebase time) {
    this.cpu = cpu;
    this.state = cpu.state();
    this.model = cpu.model();
    this.time = time;
    this.enables = model.has(RiscvOption.ZIHPM) ? ALL_ENABLES : BASIC_ENABLES;
  }

  void declare(CsrFile csrs) {
    csrs.field(0x306, "mcounteren", RiscvState.MCOUNTEREN, enables);
    if (model.has(RiscvOption.S)) {
      csrs.field(0x106, "scounteren", RiscvState.SCOUNTEREN, enables);
    }
    csrs.add(
        0x320,
        "mcountinhibit",
        () -> state.get(RiscvState.MCOUNTINHIBIT),
        (value, mask) -> inhibit(value & INHIBITABLE));
    csrs.split(0xb00, 0xb80, "mcycle", () -> count(CYCLE), (value, mask) -> setCount(CYCLE, value));
    csrs.split(
        0xb02, 0xb82, "minstret", () -> count(INSTRET), (value, mask) -> setCount(INSTRET, value));
    if (model.has(RiscvOption.ZICNTR)) {
      csrs.split(0xc00, 0xc80, "cycle", () -> allows(CYCLE), () -> count(CYCLE), (v, m) -> {});
      csrs.split(0xc01, 0xc81, "time", () -> allows(TIME), time::now, (v, m) -> {});
      csrs.split(
          0xc02, 0xc82, "instret", () -> allows(INSTRET), () -> count(INSTRET), (v, m) -> {});
    }
    for (int i = FIRST_HPM; i <= LAST_HPM; i++) {
      declareHpm(csrs, i);
    }
  }

  private void declareHpm(CsrFile csrs, int i) {
    csrs.split(0xb00 + i, 0xb80 + i, "mhpmcounter" + i, () -> 0, (v, m) -> {});
    csrs.constant(0x320 + i, "mhpmevent" + i, 0);
    if (model.has(RiscvOption.ZIHPM)) {
      csrs.split(0xc00 + i, 0xc80 + i, "hpmcounter" + i, () -> allows(i), () -> 0, (v, m) -> {});
    }
  }

  /** Lets the supervisor see all counters, and users the basic ones. */
  void allowAll() {
    state.set(RiscvState.MCOUNTEREN, enables);
    state.set(RiscvState.SCOUNTEREN, BASIC_ENABLES);
  }

  /** True if M-mode lets less privileged modes see that counter. */
  boolean machineAllows(int counter) {
    return (state.get(RiscvState.MCOUNTEREN) & 1L << counter) != 0;
  }

  private boolean allows(int counter) {
    int privilege = cpu.privilege();
    if (privilege == Privilege.MACHINE) {
      return true;
    }
    boolean supervisorAllows =
        privilege == Privilege.SUPERVISOR
            || !model.has(RiscvOption.S)
            || (state.get(RiscvState.SCOUNTEREN) & 1L << counter) != 0;
    return machineAllows(counter) && supervisorAllows;
  }

  private long retired() {
    return cpu.attached() ? cpu.vcpu().instructionsRetired() : 0;
  }

  private static StateField field(int counter) {
    return counter == CYCLE ? RiscvState.MCYCLE : RiscvState.MINSTRET;
  }

  private boolean inhibited(int counter) {
    return (state.get(RiscvState.MCOUNTINHIBIT) & 1L << counter) != 0;
  }

  private long count(int counter) {
    return state.get(field(counter)) + (inhibited(counter) ? 0 : retired());
  }

  /** The instruction that writes does not count itself: the next one reads what was written. */
  private void setCount(int counter, long value) {
    state.set(field(counter), inhibited(counter) ? value : value - (retired() + 1));
  }

  private void inhibit(long mask) {
    long cycle = count(CYCLE);
    long instret = count(INSTRET);
    state.set(RiscvState.MCOUNTINHIBIT, mask);
    freeze(CYCLE, cycle);
    freeze(INSTRET, instret);
  }

  /** Keeps a counter's value where its field changes its meaning. */
  private void freeze(int counter, long value) {
    state.set(field(counter), inhibited(counter) ? value : value - retired());
  }
}
