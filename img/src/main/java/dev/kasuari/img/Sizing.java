package dev.kasuari.img;

/** Numbers as people read them; without the JDK's formatters, which take a tool 20 ms to start. */
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

  /** Three significant digits at most. */
  private static String digits(double value) {
    int places = 0;
    for (double most = 100; places < 3 && value < most; most /= 10) {
      places++;
    }
    String text = fixed(value, places);
    if (places > 0) {
      text = text.substring(0, lastUseful(text) + 1);
    }
    return text.equals("1000") ? "1e+03" : text;
  }

  /** Where the last digit is that says something; the text has a point. */
  private static int lastUseful(String text) {
    int last = text.length() - 1;
    while (text.charAt(last) == '0') {
      last--;
    }
    return text.charAt(last) == '.' ? last - 1 : last;
  }

  /**
   * As C's {@code %.*f} has it: the nearest to what the number is exactly, of two the even one.
   *
   * @param value from 0 to 2^40
   * @param places behind the point, at most 3
   */
  static String fixed(double value, int places) {
    long scale = places == 0 ? 1 : places == 1 ? 10 : places == 2 ? 100 : 1000;
    long rounded = scaled(value, scale);
    String whole = Long.toString(rounded / scale);
    if (places == 0) {
      return whole;
    }
    String rest = Long.toString(rounded % scale + scale); // with zeroes in front
    return whole + "." + rest.substring(1);
  }

  /** The product, rounded. */
  private static long scaled(double value, long scale) {
    int exponent = Math.getExponent(value);
    if (exponent < -30) {
      return 0;
    }
    // value = fraction / 2^shift; 53 bits by 10 fit into a long.
    int shift = 52 - exponent;
    long hidden = 1L << 52;
    long fraction = ((Double.doubleToRawLongBits(value) & (hidden - 1)) | hidden) * scale;
    if (shift > 63) {
      return 0;
    }
    long quotient = fraction >>> shift;
    long rest = fraction - (quotient << shift);
    long half = 1L << (shift - 1);
    boolean up = rest > half || (rest == half && (quotient & 1) != 0);
    return quotient + (up ? 1 : 0);
  }
}
