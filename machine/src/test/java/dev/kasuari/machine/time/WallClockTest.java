package dev.kasuari.machine.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class WallClockTest {
  private static final Instant START = Instant.parse("2006-06-17T16:01:21Z");
  private static final long HOUR = 3600L * 1_000_000_000;

  private static long nanos(Instant instant) {
    return instant.getEpochSecond() * 1_000_000_000L + instant.getNano();
  }

  @Test
  void theHostsClockMayBeShifted() {
    long before = nanos(Instant.now());
    long shifted = WallClock.ofHost(Duration.ofHours(-2)).epochNanos();
    long after = nanos(Instant.now());
    assertThat(shifted).isBetween(before - 2 * HOUR, after - 2 * HOUR);
  }

  @Test
  void aSteadyClockGoesByItself() {
    long before = System.nanoTime();
    WallClock clock = WallClock.steady(START);
    long first = clock.epochNanos();
    long second = clock.epochNanos();
    long passed = System.nanoTime() - before;
    assertThat(first).isGreaterThanOrEqualTo(nanos(START));
    assertThat(second).isBetween(first, nanos(START) + passed);
  }

  @Test
  void theMachinesClockMovesTheDate() {
    var clock = new ManualClock();
    WallClock date = WallClock.startingAt(START, clock);
    assertThat(date.epochNanos()).isEqualTo(nanos(START));
    clock.advance(HOUR);
    assertThat(date.epochNanos()).isEqualTo(nanos(START) + HOUR);
  }
}
