package dev.kasuari.softfloat;

import java.util.SplittableRandom;

/** Random bit patterns that meet the corners of a format more often than uniform ones would. */
final class Patterns {
  private final SplittableRandom random;

  Patterns(long seed) {
    System.out.println("seed " + seed);
    random = new SplittableRandom(seed);
  }

  SplittableRandom random() {
    return random;
  }

  /** Any pattern of the format. */
  long next(Format f) {
    long bits = random.nextLong() & (f.signBit() | (f.signBit() - 1));
    return switch (random.nextInt(8)) {
      case 0 -> f.sign(bits) | corner(f);
      case 1 -> f.sign(bits) | sparse(f);
      case 2 -> f.sign(bits) | (bits & (2 * f.minNormal() - 1));
      case 3, 4 -> f.sign(bits) | nearOne(f, bits);
      default -> bits;
    };
  }

  /** A finite pattern. */
  long nextFinite(Format f) {
    while (true) {
      long bits = next(f);
      if (f.isFinite(bits)) {
        return bits;
      }
    }
  }

  /** A finite pattern other than a zero. */
  long nextNonzero(Format f) {
    while (true) {
      long bits = nextFinite(f);
      if (!f.isZero(bits)) {
        return bits;
      }
    }
  }

  private long corner(Format f) {
    return switch (random.nextInt(9)) {
      case 0 -> 0;
      case 1 -> 1;
      case 2 -> f.minNormal() - 1;
      case 3 -> f.minNormal();
      case 4 -> f.minNormal() + 1;
      case 5 -> f.infinity() - 1;
      case 6 -> f.infinity();
      case 7 -> f.infinity() + 1;
      default -> f.infinity() | f.quietBit();
    };
  }

  /** Few bits set, or few clear, at the ends of the fraction. */
  private long sparse(Format f) {
    long fraction = (f.minNormal() - 1) & (-1L << random.nextInt(f.fractionBits()));
    fraction ^= random.nextBoolean() ? 1L << random.nextInt(f.fractionBits()) : 0;
    long fields = f.infinity() >>> f.fractionBits();
    return (random.nextLong(fields) << f.fractionBits()) | fraction;
  }

  /** Exponents close to zero, so that operands meet. */
  private long nearOne(Format f, long bits) {
    long bias = (f.infinity() >>> f.fractionBits()) / 2;
    long field = Math.max(1, bias + random.nextInt(-4, 5));
    return (field << f.fractionBits()) | (bits & (f.minNormal() - 1));
  }
}
