package dev.kasuari.img.io;

import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Sizes;
import java.math.BigDecimal;
import java.math.RoundingMode;

/** Numbers as {@code qemu-io} reads and prints them. */
final class Numbers {
  /** The longest request, bytes: what fits 31 bits, in whole sectors. */
  static final long MAX_REQUEST = Integer.MAX_VALUE & ~511;

  private static final String[] UNITS = {" bytes", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};

  private Numbers() {}

  /** A number of bytes with a suffix or none. */
  static long size(String text) {
    try {
      return Sizes.parse(text, 'B');
    } catch (OptionException e) {
      boolean large = String.valueOf(e.getMessage()).contains("too large");
      throw IoException.result(
          "Parsing error: "
              + (large
                  ? "argument too large"
                  : "non-numeric argument, or extraneous/unrecognized suffix")
              + " -- "
              + text);
    }
  }

  /** The length of a request. */
  static long length(String text) {
    return length(text, "");
  }

  static long length(String text, String unless) {
    long length = size(text);
    if (length > MAX_REQUEST) {
      throw IoException.result("length cannot exceed " + MAX_REQUEST + unless + ", given " + text);
    }
    return length;
  }

  /** A byte, decimal, octal or hexadecimal as in C. */
  static byte pattern(String text) {
    try {
      int value = Integer.decode(text);
      if (value >= 0 && value <= 0xff) {
        return (byte) value;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw IoException.result(text + " is not a valid pattern byte");
  }

  /** A number of bytes as people read it. */
  static String human(long bytes) {
    return human((double) bytes);
  }

  /** {@code 64 KiB}, {@code 1.500 KiB}, {@code 85.398704 bytes}. */
  static String human(double bytes) {
    int unit = 0;
    double value = bytes;
    while (value >= 1024 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    // As C rounds: what is exactly between two goes to the even one.
    String digits =
        new BigDecimal(value).setScale(unit == 0 ? 6 : 3, RoundingMode.HALF_EVEN).toPlainString();
    int zeroes = digits.indexOf(".000");
    return (zeroes < 0 ? digits : digits.substring(0, zeroes)) + UNITS[unit];
  }
}
