package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.Machine;
import dev.kasuari.machine.time.Timebase;
import dev.kasuari.machine.time.Timer;

/**
 * The end of a wait that has one, by the virtual counter: WFIT of FEAT_WFxT. Own thread only,
 * unless a method says otherwise. Source: DDI 0487, D1.6.2.
 */
final class WaitTimeout implements AutoCloseable {
  private final GenericTimers timers;
  private final Machine machine;
  private final Timebase time;
  private final Timer timer;
  private boolean started;
  private volatile boolean over;

  WaitTimeout(ArmCpu cpu, GenericTimers timers, Machine machine, Timebase time) {
    this.timers = timers;
    this.machine = machine;
    this.time = time;
    timer =
        machine
            .timers()
            .create(
                "cpu" + cpu.index() + ".wait",
                () -> {
                  over = true;
                  cpu.kick();
                });
  }

  /** Whether the virtual counter has got so far. */
  boolean reached(long deadline) {
    return Long.compareUnsigned(timers.virtualCount(), deadline) >= 0;
  }

  /** A wait begins; its time may come while the lock is waited for. */
  void start(long deadline) {
    started = true;
    machine.locked(() -> {
      long now = timers.virtualCount(); // once, or the deadline may pass between two questions
      if (Long.compareUnsigned(now, deadline) >= 0) {
        over = true;
      } else {
        timer.after(time.nanosOf(deadline - now));
      }
    });
  }

  /** A wait that is over before it begins. */
  void pass() {
    started = true;
    over = true;
  }

  /** Whether the time has come. Any thread. */
  boolean over() {
    return over;
  }

  /** Nothing waits any more. */
  void end() {
    if (started) {
      started = false;
      machine.locked(timer::cancel);
      over = false;
    }
  }

  @Override
  public void close() {
    machine.locked(timer::cancel);
  }
}
