package dev.kasuari.softfloat;

/** Sums and differences. */
final class Addition {
  private Addition() {}

  /** a + b. */
  static long add(FloatEnv env, Format f, long a, long b) {
    if (f.isNormal(a) && f.isNormal(b)) {
      return addNumbers(env, f, a, b);
    }
    return addSpecial(env, f, a, b);
  }

  /** a − b: a NaN b keeps its sign. */
  static long sub(FloatEnv env, Format f, long a, long b) {
    return f.isNan(b) ? addSpecial(env, f, a, b) : add(env, f, a, b ^ f.signBit());
  }

  private static long addSpecial(FloatEnv env, Format f, long rawA, long rawB) {
    if (f.isNan(rawA) || f.isNan(rawB)) {
      return Nans.propagate(env, f, rawA, rawB);
    }
    long a = env.operand(f, rawA);
    long b = env.operand(f, rawB);
    if (f.isInfinite(a)) {
      return f.isInfinite(b) && a != b ? env.invalid(f) : a;
    }
    if (f.isInfinite(b)) {
      return b;
    }
    if (f.isZero(a)) {
      if (f.isZero(b)) {
        return a == b ? a : env.cancelled(f);
      }
      return same(env, f, b);
    }
    return f.isZero(b) ? same(env, f, a) : addNumbers(env, f, a, b);
  }

  /** A finite operand as the result: exact, but it may have to be flushed. */
  static long same(FloatEnv env, Format f, long a) {
    return Rounder.round(env, f, f.sign(a), f.exponent(a), f.significand(a));
  }

  private static long addNumbers(FloatEnv env, Format f, long a, long b) {
    return addExact(
        env,
        f,
        f.sign(a),
        f.exponent(a),
        f.significand(a),
        f.sign(b),
        f.exponent(b),
        f.significand(b));
  }

  /**
   * The rounded sum of two numbers whose significands, leading one at bit 62, are exact and have at
   * least two trailing zeros.
   *
   * <p>Why one jammed bit is enough: if the exponents differ by two or more, the sum has its
   * leading one at bit 61 or above, far from the jammed bit; if by less, the shift loses nothing.
   */
  static long addExact(
      FloatEnv env,
      Format f,
      long signA,
      int exponentA,
      long significandA,
      long signB,
      int exponentB,
      long significandB) {
    int distance = exponentA - exponentB;
    int exponent = Math.max(exponentA, exponentB);
    long x = distance < 0 ? Rounder.shiftRightJam(significandA, -distance) : significandA;
    long y = distance > 0 ? Rounder.shiftRightJam(significandB, distance) : significandB;
    if (signA == signB) {
      long sum = x + y;
      return sum < 0
          ? Rounder.round(env, f, signA, exponent + 1, sum >>> 1 | (sum & 1))
          : Rounder.round(env, f, signA, exponent, sum);
    }
    long difference = x - y;
    if (difference == 0) {
      return env.cancelled(f);
    }
    return difference > 0
        ? Rounder.normalizeAndRound(env, f, signA, exponent, difference)
        : Rounder.normalizeAndRound(env, f, signB, exponent, -difference);
  }
}
