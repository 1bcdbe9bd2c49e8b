package dev.kasuari.tcg.vector;

/**
 * Estimates with eight bits of fraction, as the Arm architecture defines them. Source: DDI 0487,
 * J1.3, RecipEstimate, RecipSqrtEstimate, UnsignedRecipEstimate, UnsignedRSqrtEstimate.
 */
final class Estimates {
  private static final int FRACTION = 23;

  private Estimates() {}

  /** Of 1/x, x being a fraction of 32 bits; all ones if it is below a half. */
  static int reciprocal(int x) {
    if (x >= 0) {
      return -1;
    }
    int middle = 2 * (x >>> FRACTION) + 1;
    int quotient = (1 << 19) / middle;
    return ((quotient + 1) / 2) << FRACTION;
  }

  /** Of 1/√x, x being a fraction of 32 bits; all ones if it is below a quarter. */
  static int reciprocalSquareRoot(int x) {
    if (x >>> 30 == 0) {
      return -1;
    }
    int interval = x >>> FRACTION;
    // The middle of the interval, which has nine bits below a half and eight above.
    int middle = interval < 256 ? 2 * interval + 1 : 2 * (interval | 1);
    int root = 512;
    while (middle * (root + 1) * (root + 1) < 1 << 28) {
      root++;
    }
    return ((root + 1) / 2) << FRACTION;
  }
}
