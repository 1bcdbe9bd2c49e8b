package dev.kasuari.guests;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
final class DebianVersionTest {
  /** Pairs of which the first is older, as {@code dpkg --compare-versions} says. */
  @ParameterizedTest
  @CsvSource({
    "6.12.94-1, 6.12.107-1",
    "6.12.107-1, 6.12.107-2",
    "1.0~rc1-1, 1.0-1",
    "1.0-1, 1.0+deb13u1-1",
    "1.0-9, 1:0.1-1",
    "1.0a, 1.0b",
    "1.0, 1.0a",
    "1.0-1~bpo12, 1.0-1",
    "2.0, 2.0-1",
    "20250803+deb13u6, 20250803+deb13u7",
    "1.0.z, 1.0.+",
  })
  void olderIsLess(String older, String newer) {
    assertThat(DebianVersion.compare(older, newer)).isNegative();
    assertThat(DebianVersion.compare(newer, older)).isPositive();
    assertThat(DebianVersion.compare(older, older)).isZero();
  }

  @ParameterizedTest
  @CsvSource({"1.0, 1.00", "0:1.0, 1.0", "1.007, 1.7"})
  void leadingZerosDoNotCount(String a, String b) {
    assertThat(DebianVersion.compare(a, b)).isZero();
  }
}
