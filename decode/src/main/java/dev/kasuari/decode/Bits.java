package dev.kasuari.decode;

/** Arithmetic on bit masks. */
final class Bits {
  private Bits() {}

  /** A mask of {@code n} ones at the bottom, n in 0..64. */
  static long ones(int n) {
    return n == 64 ? -1L : (1L << n) - 1;
  }

  /** The lowest one of {@code mask} and the ones that follow it without a gap. */
  static long lowestRun(long mask) {
    return mask & ~(mask + Long.lowestOneBit(mask));
  }

  /** Spreads the low bits of {@code value} over the ones of {@code mask}, lowest first. */
  static long deposit(long value, long mask) {
    return Long.expand(value, mask);
  }

  static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }
}
