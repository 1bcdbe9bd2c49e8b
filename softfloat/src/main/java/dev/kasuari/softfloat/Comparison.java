package dev.kasuari.softfloat;

/** Comparisons, minima and maxima. */
final class Comparison {
  private Comparison() {}

  /** The relation of a to b; INVALID for a signalling NaN, or for any NaN if asked. */
  static int compare(FloatEnv env, Format f, long rawA, long rawB, boolean signaling) {
    if (f.isNan(rawA) || f.isNan(rawB)) {
      if (signaling || f.isSignalingNan(rawA) || f.isSignalingNan(rawB)) {
        env.flags |= FloatEnv.INVALID;
      }
      env.flushed(f, rawA);
      env.flushed(f, rawB);
      return SoftFloat.UNORDERED;
    }
    long a = env.operand(f, rawA);
    long b = env.operand(f, rawB);
    if (f.isZero(a | b)) {
      return SoftFloat.EQUAL;
    }
    return Long.compare(order(f, a), order(f, b));
  }

  /** A number that orders patterns like the values they stand for, −0 just below +0. */
  private static long order(Format f, long bits) {
    return f.isNegative(bits) ? ~f.magnitude(bits) : bits;
  }

  /** IEEE 754-2019 9.6 minimum and maximum: any NaN is the result, −0 is less than +0. */
  static long extremum(FloatEnv env, Format f, long a, long b, boolean max) {
    return f.isNan(a) || f.isNan(b) ? Nans.propagate(env, f, a, b) : pick(env, f, a, b, max);
  }

  /** IEEE 754-2019 9.6 minimumNumber and maximumNumber: a number wins over any NaN. */
  static long extremumNumber(FloatEnv env, Format f, long a, long b, boolean max) {
    if (!f.isNan(a) && !f.isNan(b)) {
      return pick(env, f, a, b, max);
    }
    if (f.isNan(a) && f.isNan(b)) {
      return Nans.propagate(env, f, a, b);
    }
    if (f.isSignalingNan(a) || f.isSignalingNan(b)) {
      env.flags |= FloatEnv.INVALID;
    }
    return env.operand(f, f.isNan(a) ? b : a);
  }

  /** IEEE 754-2008 5.3.1 minNum and maxNum: a number wins over a quiet NaN only. */
  static long extremumNum2008(FloatEnv env, Format f, long a, long b, boolean max) {
    return f.isSignalingNan(a) || f.isSignalingNan(b)
        ? Nans.propagate(env, f, a, b)
        : extremumNumber(env, f, a, b, max);
  }

  /** x86's MIN and MAX: {@code a < b ? a : b}, so b for NaNs (always invalid) and for two zeros. */
  static long extremumElseSecond(FloatEnv env, Format f, long a, long b, boolean max) {
    int relation = compare(env, f, a, b, true);
    boolean first = relation == (max ? SoftFloat.GREATER : SoftFloat.LESS);
    long chosen = first ? a : b;
    return env.flushInputs() && f.isSubnormal(chosen) ? f.sign(chosen) : chosen;
  }

  private static long pick(FloatEnv env, Format f, long rawA, long rawB, boolean max) {
    long a = env.operand(f, rawA);
    long b = env.operand(f, rawB);
    return order(f, a) < order(f, b) != max ? a : b;
  }
}
