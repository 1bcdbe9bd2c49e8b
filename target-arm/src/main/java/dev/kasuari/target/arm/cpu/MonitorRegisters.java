package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.StateField;
import dev.kasuari.target.arm.cpu.SystemRegister.Guard;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The registers of the performance monitors. Source: DDI 0487, D12 and D19.5. */
final class MonitorRegisters {
  private static final int CYCLES = PerformanceMonitors.CYCLES;

  // PMCR_EL0.
  private static final long RESET_EVENTS = 1 << 1;
  private static final long RESET_CYCLES = 1 << 2;
  private static final int N_SHIFT = 11;

  /** E, D, X, DP and LC. */
  private static final long CONTROLS = 0x79;

  /** LP, of FEAT_PMUv3p5. */
  private static final long LONG_EVENTS = 1 << 7;

  // PMUSERENR_EL0.
  private static final long EN = 1;
  private static final long SW = 1 << 1;
  private static final long CR = 1 << 2;
  private static final long ER = 1 << 3;

  private static final long FILTERS = 0xfc00_0000L;
  private static final long MULTITHREADED = 1 << 25;

  private final ArmCpu cpu;
  private final GuestState state;
  private final SystemRegisters registers;
  private final Traps traps;
  private final PerformanceMonitors monitors;

  MonitorRegisters(
      ArmCpu cpu, SystemRegisters registers, Traps traps, PerformanceMonitors monitors) {
    this.cpu = cpu;
    this.state = cpu.state();
    this.registers = registers;
    this.traps = traps;
    this.monitors = monitors;
  }

  void declare() {
    control();
    set("pmcnten", "_el0", access(EN, EN), ArmState.PMCNTEN);
    set("pminten", "_el1", traps.monitors(Traps.TPM), ArmState.PMINTEN);
    add("pmovsclr_el0", access(EN, EN), this::overflows, this::clearOverflows);
    add("pmovsset_el0", access(EN, EN), this::overflows, this::setOverflows);
    add("pmswinc_el0", access(EN, EN | SW), null, v -> monitors.increment(v & visible()));
    registers.add("pmceid0_el0", access(EN, EN), () -> monitors.events(0), null);
    registers.add("pmceid1_el0", access(EN, EN), () -> monitors.events(0x20), null);
    add("pmuserenr_el0", this::reading, () -> state.get(ArmState.PMUSERENR), this::permit);
    if (monitors.version() >= 5) {
      registers.add("pmmir_el1", traps.monitors(Traps.TPM), () -> 0, null);
    }
    counter("pmccntr_el0", access(EN | CR, EN), CYCLES);
    filter("pmccfiltr_el0", CYCLES);
    for (int i = 0; i < monitors.count(); i++) {
      counter("pmevcntr" + i + "_el0", access(EN | ER, EN), i);
      filter("pmevtyper" + i + "_el0", i);
    }
    selected();
  }

  /** What counts is up to date when it is read, and looked at again after it was written. */
  private void add(String name, Guard guard, @Nullable LongSupplier read, LongConsumer write) {
    registers.add(
        name,
        guard,
        read == null
            ? null
            : () -> {
              monitors.sync();
              return read.getAsLong();
            },
        value -> {
          monitors.sync();
          write.accept(value);
          monitors.changed();
        });
  }

  private long visible() {
    return monitors.visible();
  }

  // ---- who may ---------------------------------------------------------------------------------

  /**
   * EL0 needs one of the bits of PMUSERENR_EL0.
   *
   * @param reads those with which it may read
   */
  private Guard access(long reads, long writes) {
    return access(reads, writes, Traps.TPM);
  }

  private Guard access(long reads, long writes, long trap) {
    Guard user =
        (level, writing) -> {
          boolean may = (state.get(ArmState.PMUSERENR) & (writing ? writes : reads)) != 0;
          return level != 0 || may ? Guard.PERMITTED : cpu.exceptions().trapTarget(1);
        };
    return Traps.both(user, traps.monitors(trap));
  }

  private int reading(int level, boolean writing) {
    return level == 0 && writing
        ? Guard.UNDEFINED
        : traps.monitors(Traps.TPM).check(level, writing);
  }

  private void permit(long value) {
    state.set(ArmState.PMUSERENR, value & 0xf);
  }

  // ---- control ---------------------------------------------------------------------------------

  private void control() {
    long writable = CONTROLS | (monitors.version() >= 6 ? LONG_EVENTS : 0);
    add(
        "pmcr_el0",
        access(EN, EN, Traps.TPM | Traps.TPMCR),
        this::readControl,
        value -> {
          if ((value & RESET_CYCLES) != 0) {
            monitors.setValue(CYCLES, 0);
          }
          for (int i = 0; i < monitors.count() && (value & RESET_EVENTS) != 0; i++) {
            if ((visible() >> i & 1) != 0) {
              monitors.setValue(i, 0);
            }
          }
          long kept = state.get(ArmState.PMCR) & ~writable;
          state.set(ArmState.PMCR, kept | (value & writable));
        });
  }

  /** N is what there is for who reads it. */
  private long readControl() {
    long control = state.get(ArmState.PMCR);
    boolean guest = cpu.level() < 2 && cpu.el2Enabled();
    return guest ? (control & ~(31L << N_SHIFT)) | (long) monitors.guests() << N_SHIFT : control;
  }

  /** A pair of registers of which one sets and the other clears. */
  private void set(String name, String suffix, Guard guard, StateField field) {
    LongSupplier read = () -> state.get(field) & visible();
    add(
        name + "set" + suffix,
        guard,
        read,
        v -> state.set(field, state.get(field) | (v & visible())));
    add(
        name + "clr" + suffix,
        guard,
        read,
        v -> state.set(field, state.get(field) & ~(v & visible())));
  }

  private long overflows() {
    return state.get(ArmState.PMOVS) & visible();
  }

  private void clearOverflows(long value) {
    state.set(ArmState.PMOVS, state.get(ArmState.PMOVS) & ~(value & visible()));
  }

  private void setOverflows(long value) {
    state.set(ArmState.PMOVS, state.get(ArmState.PMOVS) | (value & visible()));
  }

  // ---- counters --------------------------------------------------------------------------------

  private boolean seen(int counter) {
    return counter <= CYCLES && (visible() >> counter & 1) != 0;
  }

  private long read(int counter) {
    return seen(counter) ? monitors.value(counter) : 0;
  }

  private void write(int counter, long value) {
    if (seen(counter)) {
      monitors.setValue(counter, value);
    }
  }

  private void counter(String name, Guard guard, int counter) {
    add(name, guard, () -> read(counter), value -> write(counter, value));
  }

  private long readFilter(int counter) {
    if (!seen(counter)) {
      return 0;
    }
    return counter == CYCLES
        ? state.get(ArmState.PMCCFILTR)
        : state.get(ArmState.PMEVTYPER, counter);
  }

  private void writeFilter(int counter, long value) {
    if (!seen(counter)) {
      return;
    }
    if (counter == CYCLES) {
      state.set(ArmState.PMCCFILTR, value & FILTERS);
    } else {
      long events = monitors.version() >= 4 ? 0xffff : 0x3ff;
      state.set(ArmState.PMEVTYPER, counter, value & (FILTERS | MULTITHREADED | events));
    }
  }

  private void filter(String name, int counter) {
    add(name, access(EN, EN), () -> readFilter(counter), value -> writeFilter(counter, value));
  }

  /** By way of PMSELR_EL0, whose 31 has a filter but is no counter of events. */
  private void selected() {
    add(
        "pmselr_el0",
        access(EN | ER, EN | ER),
        () -> state.get(ArmState.PMSELR),
        value -> state.set(ArmState.PMSELR, value & 31));
    add(
        "pmxevtyper_el0",
        access(EN, EN),
        () -> readFilter(selection()),
        value -> writeFilter(selection(), value));
    add(
        "pmxevcntr_el0",
        access(EN | ER, EN),
        () -> selection() == CYCLES ? 0 : read(selection()),
        value -> {
          if (selection() != CYCLES) {
            write(selection(), value);
          }
        });
  }

  private int selection() {
    return (int) state.get(ArmState.PMSELR);
  }
}
