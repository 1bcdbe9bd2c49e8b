package dev.kasuari.target.riscv.translate;

import dev.kasuari.tcg.ir.Helper;

/**
 * A part of the 127-bit product of polynomials over GF(2), as Zbc has them. Source: unprivileged
 * manual 20240411, section 28.4.8.
 */
enum CarryLess implements Helper {
  /** Bits 63 to 0. */
  CLMUL,
  /** Bits 127 to 64. */
  CLMULH,
  /** Bits 126 to 63. */
  CLMULR;

  @Override
  public long call(Context context, long a, long b, long c) {
    return switch (this) {
      case CLMUL -> low(a, b);
      case CLMULH -> reversed(a, b) >>> 1;
      case CLMULR -> reversed(a, b);
    };
  }

  private static long low(long a, long b) {
    long product = 0;
    for (long left = b; left != 0; left &= left - 1) {
      product ^= a << Long.numberOfTrailingZeros(left);
    }
    return product;
  }

  /** Polynomials read from the other end have the same product, read from the other end. */
  private static long reversed(long a, long b) {
    return Long.reverse(low(Long.reverse(a), Long.reverse(b)));
  }
}
