package dev.kasuari.qapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class SizesTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "512, 512",
    "1k, 1024",
    "64K, 65536",
    "1.5G, 1610612736",
    "1.1K, 1126",
    ".5M, 524288",
    "2., 2",
    "0x1000, 4096",
    "0x1e, 30",
    "3B, 3",
    "999999t, 1099510528264372224",
    "1000000M, 1048576000000",
    "007g, 7516192768",
    "7E, 8070450532247928832",
    "9223372036854775807, 9223372036854775807",
  })
  void sizesInBytes(String text, long bytes) {
    assertThat(Sizes.parse(text, 'B')).isEqualTo(bytes);
  }

  @Test
  void theUnitIsForNumbersWithoutSuffix() {
    assertThat(Sizes.parse("512", 'M')).isEqualTo(512L << 20);
    assertThat(Sizes.parse("1.5", 'M')).isEqualTo(3L << 19);
    assertThat(Sizes.parse("512K", 'M')).isEqualTo(512L << 10);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1Q", "-1", "1GB", "0x", "0x1G", "1 G", "1e3", "1.5B", "1.5", "nan"})
  void whatIsNoSizeIsRefused(String text) {
    assertThatThrownBy(() -> Sizes.parse(text, 'B')).isInstanceOf(OptionException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"8E", "16E", "0x8000000000000000", "99999999999999999999"})
  void whatIsTooLargeSaysSo(String text) {
    assertThatThrownBy(() -> Sizes.parse(text, 'B')).hasMessageContaining("too large");
  }

  @Test
  void sizesAreShownInTheLargestWholeUnit() {
    assertThat(Sizes.format(1L << 30)).isEqualTo("1G");
    assertThat(Sizes.format(1536L << 20)).isEqualTo("1536M");
    assertThat(Sizes.format(0)).isEqualTo("0");
    assertThat(Sizes.format(1023)).isEqualTo("1023");
  }
}
