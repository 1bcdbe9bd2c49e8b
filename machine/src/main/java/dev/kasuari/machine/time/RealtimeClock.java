package dev.kasuari.machine.time;

/** Virtual time that goes as fast as the host's while the machine runs. */
public final class RealtimeClock extends Clock {
  /**
   * What {@link #now} is computed from; replaced as a whole.
   *
   * @param base virtual time at {@code started}
   * @param started host time, or -1 while the clock stands
   */
  private record Origin(long base, long started, boolean running) {}

  private volatile Origin origin = new Origin(0, 0, false);

  @Override
  public long now() {
    Origin o = origin;
    return o.running ? o.base + (System.nanoTime() - o.started) : o.base;
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
    return origin.running ? Math.max(0, deadline - now()) : Long.MAX_VALUE;
  }

  @Override
  void drives(TimerQueue queue) {}
}
