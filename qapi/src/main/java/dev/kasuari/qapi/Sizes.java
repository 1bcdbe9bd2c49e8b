package dev.kasuari.qapi;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers of bytes as people write them, with the rules that QEMU documents for sizes. */
public final class Sizes {
  private static final String SUFFIXES = "BKMGTPE";

  /** So many digits are less than 2<sup>20</sup>. */
  private static final int FEW_DIGITS = 6;

  /** What only odd sizes need, and no start with {@code -m 4G}. */
  private static final class Exact {
    static final Pattern DECIMAL =
        Pattern.compile("([0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)([bBkKmMgGtTpPeE]?)");
    static final Pattern HEX = Pattern.compile("0[xX]([0-9a-fA-F]+)");
    static final BigInteger LIMIT = BigInteger.valueOf(Long.MAX_VALUE);
  }

  private Sizes() {}

  /**
   * Reads {@code 512}, {@code 64K}, {@code 1.5G}, {@code 0x1000}. Suffixes are powers of 1024;
   * fractions are cut to whole bytes; hexadecimal numbers take no suffix.
   *
   * @param unit what a number without suffix counts: one of {@code BKMGTPE}
   * @throws OptionException saying what is wrong, to be put after the name of the option
   */
  public static long parse(String text, char unit) {
    long usual = usual(text, unit);
    return usual >= 0 ? usual : exact(text, unit);
  }

  /** A few digits and a suffix up to T or none, or −1. */
  private static long usual(String text, char unit) {
    int digits = 0;
    long number = 0;
    while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
      number = 10 * number + text.charAt(digits++) - '0';
      if (digits > FEW_DIGITS) {
        return -1;
      }
    }
    int rest = text.length() - digits;
    int power = SUFFIXES.indexOf(rest == 0 ? unit : Character.toUpperCase(text.charAt(digits)));
    return digits == 0 || rest > 1 || power < 0 || power > 4 ? -1 : number << (10 * power);
  }

  private static long exact(String text, char unit) {
    Matcher hex = Exact.HEX.matcher(text);
    if (hex.matches()) {
      return checked(text, new BigInteger(hex.group(1), 16).multiply(factor(unit)));
    }
    Matcher matcher = Exact.DECIMAL.matcher(text);
    if (!matcher.matches()) {
      throw new OptionException(
          "'" + text + "' is not a size; write a number with K, M, G, T, P or E, such as 512M");
    }
    String suffix = matcher.group(2);
    char scale = suffix.isEmpty() ? unit : Character.toUpperCase(suffix.charAt(0));
    var number = new BigDecimal(matcher.group(1));
    if (scale == 'B' && number.stripTrailingZeros().scale() > 0) {
      throw new OptionException("'" + text + "' is a fraction of a byte");
    }
    return checked(
        text,
        number
            .multiply(new BigDecimal(factor(scale)))
            .setScale(0, RoundingMode.DOWN)
            .toBigInteger());
  }

  /** Bytes in the largest unit that leaves a whole number: {@code 1G}, {@code 1536M}, {@code 7}. */
  public static String format(long bytes) {
    int unit = 0;
    long number = bytes;
    while (number != 0 && (number & 1023) == 0 && unit < SUFFIXES.length() - 1) {
      number >>= 10;
      unit++;
    }
    return number + (unit == 0 ? "" : String.valueOf(SUFFIXES.charAt(unit)));
  }

  private static BigInteger factor(char unit) {
    int power = SUFFIXES.indexOf(unit);
    if (power < 0) {
      throw new IllegalArgumentException("unit " + unit);
    }
    return BigInteger.ONE.shiftLeft(10 * power);
  }

  private static long checked(String text, BigInteger bytes) {
    if (bytes.compareTo(Exact.LIMIT) > 0) {
      throw new OptionException("'" + text + "' is too large; the most is 8E less one byte");
    }
    return bytes.longValue();
  }
}
