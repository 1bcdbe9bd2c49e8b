package dev.kasuari.target.arm.translate;

import java.util.random.RandomGenerator;

/** Floating-point numbers among which what is special is not rare, and modes to use them in. */
final class FloatValues {
  private FloatValues() {}

  /** FPCR: that of programs as they are, or any. */
  static long control(RandomGenerator random) {
    if (random.nextBoolean()) {
      return 0;
    }
    // AHP, DN, FZ, the rounding mode and FZ16.
    long bits = random.nextLong() & ((0x1fL << 22) | (1 << 19));
    return random.nextInt(4) == 0 ? bits : bits & ~(1 << 26);
  }

  /** Lanes of one size. */
  static long lanes(RandomGenerator random) {
    return switch (random.nextInt(8)) {
      case 0 -> random.nextLong();
      case 1, 2 -> lanes(random, 16, 10);
      case 3 -> lanes(random, 16, 7);
      case 4, 5 -> lanes(random, 32, 23);
      default -> lanes(random, 64, 52);
    };
  }

  private static long lanes(RandomGenerator random, int width, int fraction) {
    long lanes = 0;
    for (int at = 0; at < 64; at += width) {
      lanes |= value(random, width, fraction) << at;
    }
    return lanes;
  }

  private static long value(RandomGenerator random, int width, int fraction) {
    long sign = (long) random.nextInt(2) << (width - 1);
    long ones = (1L << (width - 1 - fraction)) - 1;
    long bias = ones >> 1;
    long bits = fraction(random, fraction);
    return switch (random.nextInt(16)) {
      case 0 -> sign;
      case 1 -> sign | ones << fraction;
      case 2 -> sign | ones << fraction | bits | 1L << (fraction - 1);
      case 3 -> sign | ones << fraction | (bits & ((1L << (fraction - 1)) - 1)) | 1;
      case 4 -> sign | bits;
      case 5 -> sign | 1L << fraction | bits;
      case 6 -> sign | (ones - 1) << fraction | bits;
      case 7 -> sign | (1 + random.nextInt(4));
      case 8 -> sign | bias << fraction;
      case 9 -> sign | random.nextLong(ones) << fraction | bits;
      // An integer, or close to one.
      case 10, 11 -> sign | (bias + random.nextInt(fraction + 3)) << fraction | bits;
      default -> sign | (bias - 4 + random.nextInt(9)) << fraction | bits;
    };
  }

  private static long fraction(RandomGenerator random, int bits) {
    long all = (1L << bits) - 1;
    return switch (random.nextInt(4)) {
      case 0 -> all & (all << random.nextInt(bits));
      case 1 -> random.nextInt(bits) == 0 ? all : 1L << random.nextInt(bits);
      default -> random.nextLong() & all;
    };
  }
}
