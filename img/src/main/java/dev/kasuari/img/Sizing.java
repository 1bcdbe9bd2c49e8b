package dev.kasuari.img;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/** Bytes as people read them: three digits and a unit. */
final class Sizing {
  private static final String[] UNITS = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};

  private Sizing() {}

  /** {@code 1.5 GiB}, as C's {@code %0.3g} has it. */
  static String human(long bytes) {
    int unit = 0;
    double value = bytes;
    while (value >= 1000 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return digits(value) + " " + UNITS[unit] + "B";
  }

  private static String digits(double value) {
    BigDecimal rounded =
        new BigDecimal(value)
            .round(new MathContext(3, RoundingMode.HALF_EVEN))
            .stripTrailingZeros();
    return rounded.compareTo(BigDecimal.valueOf(1000)) >= 0 ? "1e+03" : rounded.toPlainString();
  }
}
