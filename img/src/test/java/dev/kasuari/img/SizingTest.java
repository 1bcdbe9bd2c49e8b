package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class SizingTest {
  private static final int TRIES = 100_000;

  @Test
  void threeDigitsAndAUnit() {
    assertThat(Sizing.human(0)).isEqualTo("0 B");
    assertThat(Sizing.human(999)).isEqualTo("999 B");
    assertThat(Sizing.human(1000)).isEqualTo("0.977 KiB");
    assertThat(Sizing.human(1536)).isEqualTo("1.5 KiB");
    assertThat(Sizing.human(64 << 20)).isEqualTo("64 MiB");
    assertThat(Sizing.human((999 << 20) + (900 << 10))).isEqualTo("1e+03 MiB");
    assertThat(Sizing.human(Long.MAX_VALUE)).isEqualTo("8 EiB");
  }

  @Test
  void anyNumberIsRoundedAsItIsExactly() {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    for (int i = 0; i < TRIES; i++) {
      long bytes = random.nextLong() >>> (1 + random.nextInt(63));
      assertThat(Sizing.human(bytes)).as("seed %d, %d bytes", seed, bytes).isEqualTo(exact(bytes));
      double value = Math.scalb(random.nextDouble(), random.nextInt(50) - 20);
      double tie = (double) random.nextInt(1 << 20) / (1 << random.nextInt(12));
      int places = random.nextInt(4);
      assertThat(Sizing.fixed(value, places)).as("seed %d", seed).isEqualTo(fixed(value, places));
      assertThat(Sizing.fixed(tie, places)).as("seed %d", seed).isEqualTo(fixed(tie, places));
    }
  }

  private static String fixed(double value, int places) {
    return new BigDecimal(value).setScale(places, RoundingMode.HALF_EVEN).toPlainString();
  }

  private static String exact(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 1000 && unit < 6) {
      value /= 1024;
      unit++;
    }
    BigDecimal rounded =
        new BigDecimal(value)
            .round(new MathContext(3, RoundingMode.HALF_EVEN))
            .stripTrailingZeros();
    String digits =
        rounded.compareTo(BigDecimal.valueOf(1000)) >= 0 ? "1e+03" : rounded.toPlainString();
    return digits + " " + (unit == 0 ? "" : "KMGTPE".charAt(unit - 1) + "i") + "B";
  }
}
