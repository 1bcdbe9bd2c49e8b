package dev.kasuari.target.riscv.sbi;

/** Performance monitoring. Source: SBI, chapter 11. */
final class PerformanceExtension implements SbiExtension {
  private static final int SKIP_MATCH = 1;
  private static final int CLEAR_VALUE = 2;
  private static final int AUTO_START = 4;
  private static final int SET_INITIAL_VALUE = 1;
  private static final int FROM_SNAPSHOT = 2;
  private static final int RESET = 1;

  /** Where the information on a counter says its width less one. */
  private static final int WIDTH_SHIFT = 12;

  private static final long WIDTH = 63;
  private static final long CYCLE_CSR = 0xc00;

  private final SbiHarts harts;

  PerformanceExtension(SbiHarts harts) {
    this.harts = harts;
  }

  @Override
  public int id() {
    return 0x504d55;
  }

  @Override
  public String name() {
    return "PMU";
  }

  @Override
  public SbiResult call(SbiCall call) {
    PerformanceCounters counters = harts.of(call.hart()).counters();
    return switch (call.function()) {
      case 0 -> SbiResult.of(PerformanceCounters.COUNT);
      case 1 -> information(call);
      case 2 -> configure(call, counters);
      case 3 -> start(call, counters);
      case 4 -> stop(call, counters);
      case 5 -> read(call, counters, 0);
      case 6 -> read(call, counters, call.hart().model().xlen());
      default -> SbiResult.NOT_SUPPORTED;
    };
  }

  private static SbiResult information(SbiCall call) {
    long number = call.argument(0);
    if (!PerformanceCounters.exists(number)) {
      return SbiResult.INVALID_PARAM;
    }
    long firmware = 1L << (call.hart().model().xlen() - 1);
    return SbiResult.of(
        PerformanceCounters.isFirmware((int) number)
            ? firmware
            : WIDTH << WIDTH_SHIFT | CYCLE_CSR + number);
  }

  /** Where the counters that a call names begin and end, or −1 if one is beyond the last. */
  private static int end(SbiCall call) {
    long base = call.argument(0);
    long mask = call.argument(1);
    if (base < 0 || base >= PerformanceCounters.COUNT || mask == 0) {
      return -1;
    }
    long end = base + Long.SIZE - Long.numberOfLeadingZeros(mask);
    return end > PerformanceCounters.COUNT ? -1 : (int) end;
  }

  private static boolean names(SbiCall call, int counter) {
    long bit = counter - call.argument(0);
    return bit >= 0 && (call.argument(1) >>> bit & 1) != 0;
  }

  private static SbiResult configure(SbiCall call, PerformanceCounters counters) {
    long flags = call.argument(2);
    long event = call.argument(3);
    int end = end(call);
    if (end < 0) {
      return SbiResult.INVALID_PARAM;
    }
    boolean chosen = (flags & SKIP_MATCH) != 0;
    if (!chosen && !PerformanceCounters.isEvent(event)) {
      return SbiResult.NOT_SUPPORTED;
    }
    for (int i = (int) call.argument(0); i < end; i++) {
      boolean wanted = names(call, i) && PerformanceCounters.exists(i);
      if (wanted && (chosen ? counters.isConfigured(i) : counters.suits(i, event))) {
        return configured(counters, i, chosen, (int) event, flags);
      }
    }
    return chosen ? SbiResult.INVALID_PARAM : SbiResult.NOT_SUPPORTED;
  }

  private static SbiResult configured(
      PerformanceCounters counters, int counter, boolean chosen, int event, long flags) {
    if (!chosen) {
      counters.configure(counter, event);
    }
    if ((flags & CLEAR_VALUE) != 0) {
      counters.set(counter, 0);
    }
    if ((flags & AUTO_START) != 0 && !counters.isRunning(counter)) {
      counters.start(counter);
    }
    return SbiResult.of(counter);
  }

  /** True if a call names counters that are all there and configured. */
  private static boolean usable(SbiCall call, PerformanceCounters counters) {
    int end = end(call);
    for (int i = (int) call.argument(0); i < end; i++) {
      if (names(call, i) && !(PerformanceCounters.exists(i) && counters.isConfigured(i))) {
        return false;
      }
    }
    return end >= 0;
  }

  private static SbiResult start(SbiCall call, PerformanceCounters counters) {
    long flags = call.argument(2);
    if ((flags & FROM_SNAPSHOT) != 0) {
      return SbiResult.NOT_SUPPORTED;
    }
    if (!usable(call, counters)) {
      return SbiResult.INVALID_PARAM;
    }
    boolean narrow = call.hart().model().xlen() == 32;
    long initial = call.argument(3) | (narrow ? call.argument(4) << 32 : 0);
    SbiResult result = SbiResult.SUCCESS;
    for (int i = (int) call.argument(0); i < end(call); i++) {
      if (names(call, i) && counters.isRunning(i)) {
        result = SbiResult.ALREADY_STARTED;
      } else if (names(call, i)) {
        if ((flags & SET_INITIAL_VALUE) != 0) {
          counters.set(i, initial);
        }
        counters.start(i);
      }
    }
    return result;
  }

  private static SbiResult stop(SbiCall call, PerformanceCounters counters) {
    if (!usable(call, counters)) {
      return SbiResult.INVALID_PARAM;
    }
    boolean reset = (call.argument(2) & RESET) != 0;
    SbiResult result = SbiResult.SUCCESS;
    for (int i = (int) call.argument(0); i < end(call); i++) {
      if (!names(call, i)) {
        continue;
      }
      if (counters.isRunning(i)) {
        counters.stop(i);
      } else {
        result = SbiResult.ALREADY_STOPPED;
      }
      if (reset) {
        counters.release(i);
      }
    }
    return result;
  }

  private static SbiResult read(SbiCall call, PerformanceCounters counters, int shift) {
    long number = call.argument(0);
    if (!PerformanceCounters.exists(number) || !PerformanceCounters.isFirmware((int) number)) {
      return SbiResult.INVALID_PARAM;
    }
    // There is no upper half where XLEN bits are all.
    long value = counters.read((int) number);
    return SbiResult.of(shift == Long.SIZE ? 0 : value >>> shift);
  }
}
