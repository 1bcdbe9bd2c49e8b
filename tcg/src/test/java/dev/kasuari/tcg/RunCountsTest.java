package dev.kasuari.tcg;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class RunCountsTest {
  private static final long UNIT = 0x1234;

  @Test
  void aUnitIsColdSoManyTimes() {
    var counts = new RunCounts(3);
    for (int run = 0; run < 3; run++) {
      assertThat(counts.isCold(UNIT)).isTrue();
    }
    for (int run = 0; run < 1000; run++) {
      assertThat(counts.isCold(UNIT)).isFalse();
    }
  }

  @Test
  void unitsAreToldApart() {
    var counts = new RunCounts(1);
    int cold = 0;
    for (long unit = 0; unit < 10_000; unit++) {
      cold += counts.isCold(2 * unit) ? 1 : 0;
    }
    assertThat(cold).isGreaterThan(9_000);
  }

  @Test
  void ofTooManyItForgetsAll() {
    var counts = new RunCounts(127);
    for (int run = 0; run < 127; run++) {
      counts.isCold(UNIT);
    }
    assertThat(counts.isCold(UNIT)).isFalse();
    for (long unit = 0; unit < 1 << 20; unit++) {
      counts.isCold(UNIT + 2 * unit);
    }
    assertThat(counts.isCold(UNIT)).isTrue();
  }
}
