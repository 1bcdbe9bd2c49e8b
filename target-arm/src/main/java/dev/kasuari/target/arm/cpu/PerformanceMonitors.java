package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.time.Timer;

/**
 * The performance monitors, PMUv3: counters of events and of cycles with their overflow interrupt.
 * Source: DDI 0487, chapter D12.
 *
 * <p>A cycle is an instruction, so that a run repeated counts the same, and none passes while the
 * processing element waits. What runs is not looked at while it runs: counts are brought up to date
 * when something asks, when the exception level or a control changes, and by a timer before one may
 * overflow that has an interrupt. Own thread only.
 */
final class PerformanceMonitors implements AutoCloseable {
  /** The number of the cycle counter in sets of counters. */
  static final int CYCLES = 31;

  // Events.
  static final int SW_INCR = 0x00;
  private static final int INST_RETIRED = 0x08;
  private static final int CPU_CYCLES = 0x11;
  private static final int CHAIN = 0x1e;
  private static final int STALL_FRONTEND = 0x23;
  private static final int STALL_BACKEND = 0x24;
  private static final int STALL = 0x3c;

  // PMCR_EL0.
  static final long ENABLE = 1;
  private static final long DIVIDE = 1 << 3;
  private static final long DISABLE_PROHIBITED = 1 << 5;
  private static final long LONG_CYCLES = 1 << 6;
  private static final long LONG_EVENTS = 1 << 7;

  // MDCR_EL2 and MDCR_EL3.
  private static final long HPME = 1 << 7;
  private static final long HPMD = 1 << 17;
  private static final long HCCD = 1 << 23;
  private static final long HLP = 1 << 26;
  private static final long SPME = 1 << 17;
  private static final long SCCD = 1 << 23;

  // Filters.
  private static final int P = 31;
  private static final int U = 30;
  private static final int NSK = 29;
  private static final int NSU = 28;
  private static final int NSH = 27;
  private static final int M = 26;

  /** More instructions than any host gets through in a nanosecond. */
  private static final int FASTEST = 4;

  private static final long SHORTEST_NANOS = 20_000;
  private static final long LONGEST_NANOS = 1_000_000_000;

  private final ArmCpu cpu;
  private final GuestState state;
  private final Machine machine;
  private final IrqLine output;
  private final Timer timer;
  private final int version;
  private final int count;
  private long running;
  private boolean signalled;
  private long pause = SHORTEST_NANOS;

  PerformanceMonitors(ArmCpu cpu, Machine machine) {
    this.cpu = cpu;
    this.state = cpu.state();
    this.machine = machine;
    version = cpu.model().field("id_aa64dfr0_el1", 8);
    count = (int) (cpu.model().identification("pmcr_el0") >> 11) & 31;
    output = new IrqLine("pmu");
    timer = machine.timers().create("cpu" + cpu.index() + ".pmu", this::timeCame);
  }

  /** PMUVer of ID_AA64DFR0_EL1: 1 is PMUv3, 4 that of Armv8.1 and so on; 0 for none at all. */
  int version() {
    return version;
  }

  /** How many counters of events there are. */
  int count() {
    return count;
  }

  /** High while a counter that may interrupt has overflowed. */
  IrqLine output() {
    return output;
  }

  /** PMCEID0_EL0 and PMCEID1_EL0: the events that there are, 32 from {@code first} on. */
  long events(int first) {
    long events = 0;
    for (int event = 0; event < 32; event++) {
      events |= exists(first + event) ? 1L << event : 0;
    }
    return events;
  }

  private boolean exists(int event) {
    return switch (event) {
      case SW_INCR, INST_RETIRED, CPU_CYCLES, CHAIN -> true;
      case STALL_FRONTEND, STALL_BACKEND -> version >= 4;
      case STALL -> version >= 5;
      default -> false;
    };
  }

  /** A set of all counters. */
  long all() {
    return 1L << CYCLES | ((1L << count) - 1);
  }

  // ---- what counts -----------------------------------------------------------------------------

  /** HPMN: how many counters of events EL1 and EL0 have, where EL2 keeps some for itself. */
  int guests() {
    if (!cpu.hasHypervisor()) {
      return count;
    }
    return Math.min((int) state.get(ArmState.MDCR, 2) & 31, count);
  }

  /** Counters as EL1 and EL0 see them, or all of them above. */
  long visible() {
    boolean some = cpu.level() < 2 && cpu.el2Enabled();
    return some ? 1L << CYCLES | ((1L << guests()) - 1) : all();
  }

  private boolean ofHypervisor(int counter) {
    return counter != CYCLES && counter >= guests();
  }

  private boolean switchedOn(int counter) {
    long control =
        ofHypervisor(counter)
            ? state.get(ArmState.MDCR, 2) & HPME
            : state.get(ArmState.PMCR) & ENABLE;
    return control != 0 && (state.get(ArmState.PMCNTEN) >> counter & 1) != 0;
  }

  private boolean secure() {
    return cpu.model().hasSecureMonitor()
        && (cpu.level() == 3 || (state.get(ArmState.SCR) & Exceptions.SCR_NS) == 0);
  }

  private boolean prohibited(int counter) {
    long mdcr2 = state.get(ArmState.MDCR, 2);
    long mdcr3 = state.get(ArmState.MDCR, 3);
    boolean atEl2 = cpu.level() == 2;
    boolean prohibited =
        secure()
            ? (mdcr3 & SPME) == 0
            : atEl2 && version >= 4 && !ofHypervisor(counter) && (mdcr2 & HPMD) != 0;
    if (counter != CYCLES) {
      return prohibited;
    }
    boolean byCycles =
        version >= 6 && ((secure() && (mdcr3 & SCCD) != 0) || (atEl2 && (mdcr2 & HCCD) != 0));
    return byCycles || (prohibited && (state.get(ArmState.PMCR) & DISABLE_PROHIBITED) != 0);
  }

  private long filterOf(int counter) {
    return counter == CYCLES
        ? state.get(ArmState.PMCCFILTR)
        : state.get(ArmState.PMEVTYPER, counter);
  }

  private static boolean bit(long filter, int bit) {
    return (filter >> bit & 1) != 0;
  }

  private boolean filtered(long filter) {
    boolean normal = cpu.model().hasSecureMonitor() && !secure();
    return switch (cpu.level()) {
      case 0 -> bit(filter, U) != (normal && bit(filter, NSU));
      case 1 -> bit(filter, P) != (normal && bit(filter, NSK));
      case 2 -> !bit(filter, NSH);
      default -> bit(filter, P) != bit(filter, M);
    };
  }

  /** Whether events of a counter count here. */
  private boolean counts(int counter) {
    return switchedOn(counter) && !prohibited(counter) && !filtered(filterOf(counter));
  }

  private int event(int counter) {
    return (int) state.get(ArmState.PMEVTYPER, counter) & 0xffff;
  }

  private boolean countsInstructions(int counter) {
    if (counter == CYCLES) {
      return true;
    }
    int event = event(counter);
    return event == INST_RETIRED || event == CPU_CYCLES;
  }

  // ---- counting --------------------------------------------------------------------------------

  private long retired() {
    return cpu.attached() ? cpu.vcpu().instructionsRetired() : 0;
  }

  /** Before something changes on which counting depends, or is read: brings counts up to date. */
  void sync() {
    if (running == 0) {
      return;
    }
    long now = retired();
    long before = state.get(ArmState.PMSINCE);
    state.set(ArmState.PMSINCE, now);
    for (long left = running; left != 0; left &= left - 1) {
      int counter = Long.numberOfTrailingZeros(left);
      boolean slow =
          counter == CYCLES && (state.get(ArmState.PMCR) & (DIVIDE | LONG_CYCLES)) == DIVIDE;
      add(counter, slow ? (now >>> 6) - (before >>> 6) : now - before);
    }
  }

  /** After something changed on which counting depends. */
  void changed() {
    running = 0;
    for (long left = state.get(ArmState.PMCNTEN); left != 0; left &= left - 1) {
      int counter = Long.numberOfTrailingZeros(left);
      running |= counts(counter) && countsInstructions(counter) ? 1L << counter : 0;
    }
    if (running != 0) {
      state.set(ArmState.PMSINCE, retired());
    }
    signal();
    watch();
  }

  /** Whether the exception level matters to a counter. */
  boolean dependsOnLevel() {
    return state.get(ArmState.PMCNTEN) != 0;
  }

  private boolean isLong(int counter) {
    if (counter == CYCLES) {
      return (state.get(ArmState.PMCR) & LONG_CYCLES) != 0;
    }
    return ofHypervisor(counter)
        ? (state.get(ArmState.MDCR, 2) & HLP) != 0
        : (state.get(ArmState.PMCR) & LONG_EVENTS) != 0;
  }

  /** PMCCNTR_EL0, or a counter of events, as it was last brought up to date. */
  long value(int counter) {
    return counter == CYCLES ? state.get(ArmState.PMCCNTR) : state.get(ArmState.PMEVCNTR, counter);
  }

  /** Between {@link #sync} and {@link #changed}. */
  void setValue(int counter, long value) {
    if (counter == CYCLES) {
      state.set(ArmState.PMCCNTR, value);
    } else {
      state.set(ArmState.PMEVCNTR, counter, version >= 6 ? value : value & 0xffff_ffffL);
    }
  }

  /** Upper halves count on where a counter of 64 bits overflows after 32 of them. */
  private void add(int counter, long more) {
    long before = value(counter);
    long after = before + more;
    long overflows =
        isLong(counter)
            ? Long.compareUnsigned(after, before) < 0 ? 1 : 0
            : (after >>> 32) - (before >>> 32) & 0xffff_ffffL;
    setValue(counter, after);
    if (overflows == 0) {
      return;
    }
    state.set(ArmState.PMOVS, state.get(ArmState.PMOVS) | 1L << counter);
    boolean chained =
        (counter & 1) == 0
            && counter + 1 < count
            && event(counter + 1) == CHAIN
            && counts(counter + 1);
    if (chained) {
      add(counter + 1, overflows);
    }
  }

  /** PMSWINC_EL0: an event that software makes, for a set of counters. */
  void increment(long counters) {
    for (int counter = 0; counter < count; counter++) {
      if ((counters >> counter & 1) != 0 && event(counter) == SW_INCR && counts(counter)) {
        add(counter, 1);
      }
    }
  }

  // ---- the interrupt ---------------------------------------------------------------------------

  private boolean wantsInterrupt() {
    long overflows = state.get(ArmState.PMOVS) & state.get(ArmState.PMINTEN);
    if (overflows == 0) {
      return false;
    }
    long ofHypervisor = ((1L << count) - 1) & -(1L << guests());
    boolean guests = (state.get(ArmState.PMCR) & ENABLE) != 0;
    boolean hypervisors = (state.get(ArmState.MDCR, 2) & HPME) != 0;
    return (guests && (overflows & ~ofHypervisor) != 0)
        || (hypervisors && (overflows & ofHypervisor) != 0);
  }

  private void signal() {
    boolean wanted = wantsInterrupt();
    if (wanted != signalled) {
      signalled = wanted;
      machine.locked(() -> output.set(wanted));
    }
  }

  /** Instructions until the first counter overflows that somebody waits for; −1 if none does. */
  private long remaining() {
    long awaited = state.get(ArmState.PMINTEN);
    long least = -1;
    for (long left = running; left != 0; left &= left - 1) {
      int counter = Long.numberOfTrailingZeros(left);
      boolean chains =
          counter + 1 < count && event(counter + 1) == CHAIN && (awaited >> (counter + 1) & 1) != 0;
      if ((awaited >> counter & 1) != 0 || chains) {
        long value = value(counter);
        long rest = isLong(counter) ? -value : (1L << 32) - (value & 0xffff_ffffL);
        least = Long.compareUnsigned(rest, least) < 0 ? rest : least;
      }
    }
    return least;
  }

  /** Has the timer come before a counter may have overflowed. */
  private void watch() {
    long rest = remaining();
    if (rest == -1) {
      return;
    }
    long nanos = Long.divideUnsigned(rest, FASTEST);
    long delay = Long.compareUnsigned(nanos, LONGEST_NANOS) > 0 ? LONGEST_NANOS : nanos;
    machine.locked(() -> timer.after(Math.max(delay, pause)));
  }

  private void timeCame() {
    if (cpu.attached()) {
      cpu.vcpu().post(this::lookAgain);
    }
  }

  /** While nothing runs it looks ever more rarely. */
  private void lookAgain() {
    boolean idle = retired() == state.get(ArmState.PMSINCE);
    pause = idle ? Math.min(2 * pause, LONGEST_NANOS / 256) : SHORTEST_NANOS;
    sync();
    changed();
  }

  /** After all registers were zeroed. */
  void reset() {
    if (version != 0) {
      state.set(ArmState.PMCR, cpu.model().identification("pmcr_el0"));
      state.set(ArmState.MDCR, 2, count);
    }
    changed();
  }

  @Override
  public void close() {
    machine.locked(timer::cancel);
  }
}
