package dev.kasuari.target.riscv.cpu;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.time.Timebase;
import dev.kasuari.machine.time.Timer;
import dev.kasuari.machine.time.TimerQueue;

/**
 * Sstc: {@code stimecmp}, and STIP as a function of the time. Source: privileged, chapter 16.
 *
 * <p>The hart writes the comparator and the timer's thread looks at it; the monitor of this object
 * makes writing, comparing and arming one act. Nothing is waited for while it is held.
 */
final class SupervisorTimer implements AutoCloseable {
  private final RiscvCpu cpu;
  private final GuestState state;
  private final Timebase time;
  private final Timer timer;
  private boolean enabled;
  private boolean closed;

  SupervisorTimer(RiscvCpu cpu, Timebase time, TimerQueue timers) {
    this.cpu = cpu;
    this.state = cpu.state();
    this.time = time;
    this.timer = timers.create("hart" + cpu.index() + ".stimecmp", this::update);
  }

  void declare(CsrFile csrs) {
    csrs.split(
        0x14d,
        0x15d,
        "stimecmp",
        this::reachable,
        () -> state.get(RiscvState.STIMECMP),
        (value, mask) -> compare(value));
  }

  private boolean reachable() {
    return cpu.privilege() == Privilege.MACHINE
        || (Environment.timerEnabled(state) && cpu.counters().machineAllows(Counters.TIME));
  }

  /** Writes {@code stimecmp}. Own thread. */
  synchronized void compare(long value) {
    state.set(RiscvState.STIMECMP, value);
    update();
  }

  /** Whether {@code menvcfg.STCE} gives STIP to the comparator. Own thread. */
  synchronized void enable(boolean on) {
    if (enabled != on) {
      enabled = on;
      cpu.interrupts().clearSoftware(Interrupts.STIP);
      update();
    }
  }

  synchronized boolean enabled() {
    return enabled;
  }

  /** After registers or the time were changed from outside: finds out anew. Any thread. */
  synchronized void update() {
    if (closed) {
      return;
    }
    if (!enabled) {
      timer.cancel();
      cpu.interrupts().setInput(Interrupts.STIP, false);
      return;
    }
    long nanos = time.nanosUntil(state.get(RiscvState.STIMECMP));
    if (nanos == 0) {
      timer.cancel();
    } else {
      timer.after(nanos);
    }
    cpu.interrupts().setInput(Interrupts.STIP, nanos == 0);
  }

  @Override
  public synchronized void close() {
    closed = true;
    timer.cancel();
  }
}
