package dev.kasuari.machine.time;

/**
 * The virtual time of one machine in nanoseconds from its start. It stands while the machine does.
 * Any thread may read it.
 */
public abstract sealed class Clock permits RealtimeClock, ManualClock {
  Clock() {}

  /** Nanoseconds of virtual time since the machine began, at least 0. */
  public abstract long now();

  /** Lets the clock run. */
  public abstract void resume();

  /** Stops the clock. */
  public abstract void pause();

  /**
   * Host nanoseconds until {@code deadline} if nothing changes, at least 0; {@link Long#MAX_VALUE}
   * if the clock will not get there by itself.
   */
  abstract long hostNanosUntil(long deadline);

  /** Whose timers this clock drives. */
  abstract void drives(TimerQueue queue);
}
