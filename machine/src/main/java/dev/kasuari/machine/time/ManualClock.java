package dev.kasuari.machine.time;

import org.jspecify.annotations.Nullable;

/**
 * Virtual time that moves only when told: by a test, or by the number of instructions executed.
 * Each timer runs at exactly its deadline, on the thread that moves the clock.
 */
public final class ManualClock extends Clock {
  private volatile long now;
  private volatile @Nullable TimerQueue queue;

  @Override
  public long now() {
    return now;
  }

  /** Moves the clock on by {@code nanos}, running what falls due on the way. */
  public void advance(long nanos) {
    advanceTo(now + nanos);
  }

  /**
   * Moves the clock to {@code target}, running what falls due on the way.
   *
   * @throws IllegalArgumentException if {@code target} is in the past
   */
  public void advanceTo(long target) {
    if (target < now) {
      throw new IllegalArgumentException("the clock is at " + now + ", past " + target);
    }
    TimerQueue timers = queue;
    if (timers != null) {
      long next = timers.nextDeadline();
      while (next <= target) {
        now = Math.max(now, next);
        timers.runDue();
        next = timers.nextDeadline();
      }
    }
    now = target;
  }

  @Override
  public void resume() {}

  @Override
  public void pause() {}

  @Override
  long hostNanosUntil(long deadline) {
    return deadline <= now ? 0 : Long.MAX_VALUE;
  }

  @Override
  void drives(TimerQueue timers) {
    queue = timers;
  }
}
