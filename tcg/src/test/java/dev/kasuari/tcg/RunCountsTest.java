package dev.kasuari.tcg;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class RunCountsTest {
  private static final long UNIT = 0x1234;

  @Test
  void runsAreCountedUpToTheLimit() {
    var counts = new RunCounts(3);
    for (int run = 0; run < 3; run++) {
      assertThat(counts.count(UNIT)).isEqualTo(run);
    }
    for (int run = 0; run < 1000; run++) {
      assertThat(counts.count(UNIT)).isEqualTo(3);
    }
  }

  @Test
  void whatIsWarmHasReachedTheLimit() {
    var counts = new RunCounts(RunCounts.LARGEST);
    counts.warm(UNIT);
    assertThat(counts.count(UNIT)).isEqualTo(RunCounts.LARGEST);
  }

  @Test
  void unitsAreToldApart() {
    var counts = new RunCounts(1);
    int cold = 0;
    for (long unit = 0; unit < 10_000; unit++) {
      cold += counts.count(2 * unit) == 0 ? 1 : 0;
    }
    assertThat(cold).isGreaterThan(9_000);
  }

  @Test
  void ofTooManyItForgetsAll() {
    var counts = new RunCounts(RunCounts.LARGEST);
    counts.warm(UNIT);
    for (long unit = 0; unit < 1 << 20; unit++) {
      counts.count(UNIT + 2 * unit);
    }
    assertThat(counts.count(UNIT)).isLessThan(RunCounts.LARGEST);
  }
}
