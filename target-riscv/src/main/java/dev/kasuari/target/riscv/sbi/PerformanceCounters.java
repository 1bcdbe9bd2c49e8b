package dev.kasuari.target.riscv.sbi;

import dev.kasuari.target.riscv.cpu.RiscvCpu;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The counters of one hart as the supervisor is offered them: {@code cycle} and {@code instret},
 * whose numbers are those of their CSRs, and such as count {@link FirmwareEvent}s. For the hart's
 * own thread.
 */
final class PerformanceCounters {
  /** Numbers from 0 on; there is none with that of {@code time}. */
  static final int COUNT = 19;

  private static final int CYCLE = 0;
  private static final int TIME = 1;
  private static final int INSTRET = 2;
  private static final int FIRST_FIRMWARE = 3;

  private static final int MCOUNTINHIBIT = 0x320;
  private static final int MCYCLE = 0xb00;
  private static final int MCYCLEH = 0xb80;

  /** Event numbers: a type in bits 19 to 16, and a code (SBI, section 11.1). */
  private static final int CPU_CYCLES = 1;

  private static final int INSTRUCTIONS = 2;
  private static final int FIRMWARE = 0xf_0000;
  private static final int NONE = -1;

  private final RiscvCpu cpu;
  private final AtomicLongArray events;
  private final int[] event = new int[COUNT];
  private final boolean[] running = new boolean[COUNT];

  /**
   * Of a firmware counter: its value, or while it runs what is to be added to the event's count.
   */
  private final long[] value = new long[COUNT];

  PerformanceCounters(RiscvCpu cpu, AtomicLongArray events) {
    this.cpu = cpu;
    this.events = events;
    reset();
  }

  void reset() {
    Arrays.fill(event, NONE);
    Arrays.fill(running, false);
    Arrays.fill(value, 0);
  }

  /** True if there is a counter of that number. */
  static boolean exists(long number) {
    return number >= 0 && number < COUNT && number != TIME;
  }

  static boolean isFirmware(int number) {
    return number >= FIRST_FIRMWARE;
  }

  /** True if an event can be counted at all. */
  static boolean isEvent(long number) {
    long code = number - FIRMWARE;
    return number == CPU_CYCLES
        || number == INSTRUCTIONS
        || (code >= 0 && code < FirmwareEvent.COUNT);
  }

  /** True if an unused counter can count the event. */
  boolean suits(int number, long wanted) {
    boolean able =
        switch (number) {
          case CYCLE -> wanted == CPU_CYCLES;
          case INSTRET -> wanted == INSTRUCTIONS;
          default -> wanted >= FIRMWARE;
        };
    return able && event[number] == NONE;
  }

  boolean isConfigured(int number) {
    return event[number] != NONE;
  }

  boolean isRunning(int number) {
    return running[number];
  }

  void configure(int number, int newEvent) {
    event[number] = newEvent;
  }

  /** Gives the counter up; one of the hardware goes on counting for whoever reads it. */
  void release(int number) {
    event[number] = NONE;
    inhibit(number, false);
  }

  void start(int number) {
    if (isFirmware(number)) {
      value[number] -= counted(number);
    }
    running[number] = true;
    inhibit(number, false);
  }

  void stop(int number) {
    if (isFirmware(number)) {
      value[number] += counted(number);
    }
    running[number] = false;
    inhibit(number, true);
  }

  void set(int number, long newValue) {
    if (isFirmware(number)) {
      value[number] = newValue - (running[number] ? counted(number) : 0);
      return;
    }
    cpu.writeCsr(MCYCLE + number, newValue);
    if (cpu.model().xlen() == 32) {
      cpu.writeCsr(MCYCLEH + number, newValue >>> 32);
    }
  }

  /** What a firmware counter has counted. */
  long read(int number) {
    return value[number] + (running[number] ? counted(number) : 0);
  }

  private long counted(int number) {
    return events.get(event[number] - FIRMWARE);
  }

  private void inhibit(int number, boolean on) {
    if (!isFirmware(number)) {
      long others = cpu.readCsr(MCOUNTINHIBIT).orElse(0) & ~(1L << number);
      cpu.writeCsr(MCOUNTINHIBIT, others | (on ? 1L << number : 0));
    }
  }
}
