package dev.kasuari.tcg.vector;

/** Products of polynomials over GF(2), whose coefficients are bits. */
final class Polynomials {
  private Polynomials() {}

  /** The lower 64 bits of a product. */
  static long low(long x, long y) {
    long product = 0;
    for (long left = x; left != 0; left &= left - 1) {
      product ^= y << Long.numberOfTrailingZeros(left);
    }
    return product;
  }

  /** The upper 64 bits of a product. */
  static long high(long x, long y) {
    // Reversed, the product of two reversed factors has its highest bit at the 127th place.
    return Long.reverse(low(Long.reverse(x), Long.reverse(y))) >>> 1;
  }
}
