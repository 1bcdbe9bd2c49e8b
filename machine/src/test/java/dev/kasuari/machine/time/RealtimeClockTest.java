package dev.kasuari.machine.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The clock may go slower than the host's; no test says how fast that is. */
@Tag("fast")
class RealtimeClockTest {
  private static final int SLOWNESS = 1_000_000_000;

  @Test
  void aSlowClockWaitsLongerForTheSame() {
    var slow = new RealtimeClock(SLOWNESS);
    slow.resume();
    // In a test's time it does not reach its first microsecond.
    assertThat(slow.now()).isBetween(0L, 1_000L);
    assertThat(slow.hostNanosUntil(2_000)).isGreaterThanOrEqualTo(1_000L * SLOWNESS);
    assertThat(slow.hostNanosUntil(Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void aClockThatStandsIsNotWaitedFor() {
    assertThat(new RealtimeClock(10).hostNanosUntil(1)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void noClockGoesFasterThanTheHosts() {
    assertThatThrownBy(() -> new RealtimeClock(0)).isInstanceOf(IllegalArgumentException.class);
  }
}
