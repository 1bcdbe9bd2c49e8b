package dev.kasuari.target.riscv.sbi;

import dev.kasuari.target.riscv.cpu.RiscvCpu;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/** A hart as hart state management sees it. Source: SBI, chapter 9. */
final class SbiHart {
  static final int STARTED = 0;
  static final int STOPPED = 1;
  static final int START_PENDING = 2;
  static final int SUSPENDED = 4;

  private final RiscvCpu cpu;
  private final AtomicInteger status = new AtomicInteger(STOPPED);
  private final AtomicLongArray events = new AtomicLongArray(FirmwareEvent.COUNT);
  private final PerformanceCounters counters;

  SbiHart(RiscvCpu cpu) {
    this.cpu = cpu;
    this.counters = new PerformanceCounters(cpu, events);
  }

  RiscvCpu cpu() {
    return cpu;
  }

  /** Something happened that firmware counts. Any thread. */
  void count(FirmwareEvent event) {
    events.incrementAndGet(event.ordinal());
  }

  /** Own thread. */
  PerformanceCounters counters() {
    return counters;
  }

  /** One of the numbers above. Any thread. */
  int status() {
    return status.get();
  }

  /** True if it executes, or would if an interrupt came. Any thread. */
  boolean available() {
    int now = status();
    return now == STARTED || now == SUSPENDED;
  }

  /** At reset. */
  void reset(boolean started) {
    status.set(started ? STARTED : STOPPED);
    counters.reset();
  }

  /** False if it is not stopped. Any thread. */
  boolean start(long address, long opaque) {
    if (!status.compareAndSet(STOPPED, START_PENDING)) {
      return false;
    }
    cpu.parking()
        .start(() -> {
          cpu.startSupervisor(address, cpu.index(), opaque);
          status.set(STARTED);
        });
    return true;
  }

  /** Own thread. */
  void stop() {
    cpu.clearSupervisorSoftware();
    cpu.parking().stop();
    status.set(STOPPED);
  }

  /** Waits for an interrupt; {@code resume} comes before what follows. Own thread. */
  void suspend(Runnable resume) {
    status.set(SUSPENDED);
    cpu.parking()
        .suspend(() -> {
          status.set(STARTED);
          resume.run();
        });
  }
}
