package dev.kasuari.machine.time;

import java.time.Duration;
import java.time.Instant;

/** Where real-time clocks of a machine take the date from ({@code -rtc base=…,clock=…}). */
public final class WallClock {
  /** Reads nanoseconds since 1970-01-01T00:00Z. */
  @FunctionalInterface
  private interface Source {
    long epochNanos();
  }

  private final Source source;

  private WallClock(Source source) {
    this.source = source;
  }

  /** Follows the host's clock, through pauses and corrections. */
  public static WallClock ofHost() {
    return new WallClock(() -> nanos(Instant.now()));
  }

  /**
   * As {@link #ofHost()}, ahead of it.
   *
   * @param ahead may be negative
   */
  public static WallClock ofHost(Duration ahead) {
    long nanos = ahead.toNanos();
    return new WallClock(() -> nanos(Instant.now()) + nanos);
  }

  /**
   * Is at {@code start} now and goes on steadily: through pauses, but not with corrections of the
   * host's clock.
   */
  public static WallClock steady(Instant start) {
    long base = nanos(start) - System.nanoTime();
    return new WallClock(() -> base + System.nanoTime());
  }

  /**
   * Begins at {@code start} and goes with the machine's clock, so that equal runs see equal dates.
   */
  public static WallClock startingAt(Instant start, Clock clock) {
    long base = nanos(start);
    return new WallClock(() -> base + clock.now());
  }

  /** Nanoseconds since 1970-01-01T00:00Z; good until the year 2262. */
  public long epochNanos() {
    return source.epochNanos();
  }

  private static long nanos(Instant instant) {
    return instant.getEpochSecond() * 1_000_000_000L + instant.getNano();
  }
}
