package dev.kasuari.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class SpreadTest {
  @Test
  void ofOddAndEvenCounts() {
    assertThat(Spread.of(3, 1, 2)).isEqualTo(new Spread(1, 2, 3));
    assertThat(Spread.of(4, 1, 2, 3)).isEqualTo(new Spread(1, 2.5, 4));
    assertThat(Spread.of(7)).isEqualTo(new Spread(7, 7, 7));
    assertThat(Spread.of(List.of("a", "ccc"), String::length)).isEqualTo(new Spread(1, 2, 3));
    assertThatThrownBy(Spread::of).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void geometricMean() {
    assertThat(Spread.geometricMean(List.of(0.5, 2.0))).isCloseTo(1, within(1e-12));
    assertThat(Spread.geometricMean(List.of(2.0, 4.0, 8.0))).isCloseTo(4, within(1e-12));
    assertThat(Spread.geometricMean(List.of())).isNaN();
  }

  @Test
  void ratiosAreOfRounds() {
    double[] ours = {1, 4, 9};
    double[] theirs = {2, 2, 3};
    assertThat(Comparison.ratio(ours, theirs)).isEqualTo(new Spread(0.5, 2, 3));
    assertThat(Comparison.ratio(ours, null)).isNull();
    assertThat(Comparison.ratio(ours, new double[] {1})).isNull();
  }
}
