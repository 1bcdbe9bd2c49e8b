package dev.kasuari.machine.time;

/** Virtual time that goes as fast as the host's, or slower, while the machine runs. */
public final class RealtimeClock extends Clock {
  /**
   * What {@link #now} is computed from; replaced as a whole.
   *
   * @param base virtual time at {@code started}
   * @param started host time, or -1 while the clock stands
   */
  private record Origin(long base, long started, boolean running) {}

  private final int slowness;
  private volatile Origin origin = new Origin(0, 0, false);

  public RealtimeClock() {
    this(1);
  }

  /**
   * A clock for a guest that runs slowly, which would otherwise be busy with its timer only.
   *
   * @param slowness nanoseconds of the host for one of the guest, at least 1
   */
  public RealtimeClock(int slowness) {
    if (slowness < 1) {
      throw new IllegalArgumentException("a clock " + slowness + " times slower");
    }
    this.slowness = slowness;
  }

  @Override
  public long now() {
    Origin o = origin;
    return o.running ? o.base + (System.nanoTime() - o.started) / slowness : o.base;
  }

  @Override
  public synchronized void resume() {
    if (!origin.running) {
      origin = new Origin(origin.base, System.nanoTime(), true);
    }
  }

  @Override
  public synchronized void pause() {
    origin = new Origin(now(), 0, false);
  }

  /** Sets the time, as restoring a snapshot does. */
  public synchronized void set(long now) {
    origin = new Origin(now, System.nanoTime(), origin.running);
  }

  @Override
  long hostNanosUntil(long deadline) {
    if (!origin.running) {
      return Long.MAX_VALUE;
    }
    long left = Math.max(0, deadline - now());
    return left < Long.MAX_VALUE / slowness ? left * slowness : Long.MAX_VALUE;
  }

  @Override
  void drives(TimerQueue queue) {}
}
