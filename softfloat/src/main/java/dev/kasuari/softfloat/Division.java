package dev.kasuari.softfloat;

/**
 * Quotients, square roots and remainders.
 *
 * <p>Quotient and root borrow the host's divider. {@code double} arithmetic in Java is strict IEEE
 * round-to-nearest (JLS 15.17.2, {@link Math#sqrt}), so for significands x and y scaled to [1, 4)
 * the host's result Q, a 53-bit integer with a scale, is within half a unit of the exact one. The
 * integer remainder R = x × 2^k − Q × y (x × 2^k − Q² for the root) is then below 2^54 in magnitude
 * and can be computed modulo 2^64; its sign says on which side of Q the exact result lies.
 *
 * <p>The exact result is never halfway between two Qs: that would be m ÷ 2^j for an odd m of 54
 * bits, and from x × 2^k = m × y (or m²) m would divide x, which has 53 bits. So Q with the sign of
 * R added ten bits below it compares with every multiple of half a unit of Q as the exact result
 * does, and rounds like it in every format of up to 53 bits and every mode.
 */
final class Division {
  private static final long ONE = 0x3ff0_0000_0000_0000L;
  private static final long FRACTION = 0x000f_ffff_ffff_ffffL;
  private static final long IMPLICIT = 0x0010_0000_0000_0000L;

  private Division() {}

  /** a ÷ b. */
  static long div(FloatEnv env, Format f, long a, long b) {
    if (f.isNormal(a) && f.isNormal(b)) {
      return divNumbers(env, f, a, b);
    }
    return divSpecial(env, f, a, b);
  }

  private static long divSpecial(FloatEnv env, Format f, long rawA, long rawB) {
    if (f.isNan(rawA) || f.isNan(rawB)) {
      return Nans.propagate(env, f, rawA, rawB);
    }
    long a = env.flushed(f, rawA);
    long b = env.flushed(f, rawB);
    long sign = f.sign(a ^ b);
    if ((f.isZero(a) && f.isZero(b)) || (f.isInfinite(a) && f.isInfinite(b))) {
      return env.invalid(f);
    }
    if (f.isZero(b) && f.isFinite(a)) {
      env.flags |= FloatEnv.DIVBYZERO;
      return sign | f.infinity();
    }
    env.used(f, a);
    env.used(f, b);
    if (f.isInfinite(a)) {
      return sign | f.infinity();
    }
    return f.isZero(a) || f.isInfinite(b) ? sign : divNumbers(env, f, a, b);
  }

  private static long divNumbers(FloatEnv env, Format f, long a, long b) {
    long x = f.significand(a) >>> 10;
    long y = f.significand(b) >>> 10;
    double quotient = fromFraction(x) / fromFraction(y);
    boolean below = x < y;
    long q = (Double.doubleToRawLongBits(quotient) & FRACTION) | IMPLICIT;
    long remainder = (x << (below ? 53 : 52)) - q * y;
    int exponent = f.exponent(a) - f.exponent(b) - (below ? 1 : 0);
    return Rounder.round(env, f, f.sign(a ^ b), exponent, (q << 10) + Long.signum(remainder));
  }

  /** A 53-bit significand as a number in [1, 2). */
  private static double fromFraction(long significand) {
    return Double.longBitsToDouble((significand & FRACTION) | ONE);
  }

  /** √a. */
  static long sqrt(FloatEnv env, Format f, long rawA) {
    if (f.isNan(rawA)) {
      return Nans.propagate(env, f, rawA);
    }
    long a = env.flushed(f, rawA);
    if (f.isZero(a)) {
      return a;
    }
    if (f.isNegative(a)) {
      return env.invalid(f);
    }
    env.used(f, a);
    if (f.isInfinite(a)) {
      return a;
    }
    int exponent = f.exponent(a);
    int odd = exponent & 1;
    long x = f.significand(a) >>> 10;
    double square = fromFraction(x);
    double root = Math.sqrt(odd != 0 ? 2 * square : square);
    long q = (Double.doubleToRawLongBits(root) & FRACTION) | IMPLICIT;
    long remainder = (x << (52 + odd)) - q * q;
    return Rounder.round(env, f, 0, exponent >> 1, (q << 10) + Long.signum(remainder));
  }

  /** a − n × b, where n is the integer nearest to a ÷ b, ties to even (IEEE 754-2019 5.3.1). */
  static long remainder(FloatEnv env, Format f, long rawA, long rawB) {
    if (f.isNan(rawA) || f.isNan(rawB)) {
      return Nans.propagate(env, f, rawA, rawB);
    }
    long a = env.flushed(f, rawA);
    long b = env.flushed(f, rawB);
    if (f.isInfinite(a) || f.isZero(b)) {
      return env.invalid(f);
    }
    env.used(f, a);
    env.used(f, b);
    if (f.isZero(a)) {
      return a;
    }
    int distance = f.isInfinite(b) ? -2 : f.exponent(a) - f.exponent(b);
    return distance < -1 ? Addition.same(env, f, a) : remainder(env, f, a, b, distance);
  }

  private static long remainder(FloatEnv env, Format f, long a, long b, int distance) {
    long y = f.significand(b) >>> 10;
    long x = f.significand(a) >>> 10;
    long sign = f.sign(a);
    if (distance < 0) {
      // |a| is less than |b|, and more than half of it if x > y. In units of half of b's last bit.
      return x > y
          ? exact(env, f, sign ^ f.signBit(), f.exponent(b) - 1, 2 * y - x)
          : Addition.same(env, f, a);
    }
    long quotient = x >= y ? 1 : 0;
    long rest = x - (x >= y ? y : 0);
    for (int left = distance; left > 0; ) {
      int step = Math.min(left, 10);
      long shifted = rest << step;
      quotient = shifted / y;
      rest = shifted - quotient * y;
      left -= step;
    }
    if (2 * rest > y || (2 * rest == y && (quotient & 1) != 0)) {
      return exact(env, f, sign ^ f.signBit(), f.exponent(b), y - rest);
    }
    return rest == 0 ? sign : exact(env, f, sign, f.exponent(b), rest);
  }

  /** A 53-bit significand, not zero and not normalised, as a result. */
  private static long exact(FloatEnv env, Format f, long sign, int exponent, long significand) {
    return Rounder.normalizeAndRound(env, f, sign, exponent, significand << 10);
  }
}
