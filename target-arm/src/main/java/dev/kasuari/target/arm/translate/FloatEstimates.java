package dev.kasuari.target.arm.translate;

import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.softfloat.FlushToZero;
import dev.kasuari.softfloat.Format;
import dev.kasuari.softfloat.SoftFloat;

/**
 * Reciprocals of eight bits, from which Newton's iteration starts. Source: DDI 0487, J1.1
 * "RecipEstimate", "RecipSqrtEstimate", "FPRecipEstimate" and "FPRSqrtEstimate".
 */
final class FloatEstimates {
  /** The leading one of a significand that was moved to the left: fractions are below. */
  private static final int FRACTION = 52;

  private FloatEstimates() {}

  /** 256 to 511 stand for 0.5 to 1, the result for 1 to 2. */
  private static int reciprocal(int scaled) {
    int twice = 2 * scaled + 1;
    return ((1 << 19) / twice + 1) / 2;
  }

  /** 128 to 511 stand for 0.25 to 1, the result, from 256, for 1 to 2. */
  private static int reciprocalRoot(int scaled) {
    int middle = scaled < 256 ? 2 * scaled + 1 : 2 * ((scaled & ~1) + 1);
    int estimate = 512;
    while ((long) middle * (estimate + 1) * (estimate + 1) < 1 << 28) {
      estimate++;
    }
    return (estimate + 1) / 2;
  }

  private static int bias(Format f) {
    return (1 << (f.width() - 2 - f.fractionBits())) - 1;
  }

  private static int exponentField(Format f, long a) {
    return (int) (f.magnitude(a) >>> f.fractionBits());
  }

  /** The fraction field, its highest bit being bit 51. */
  private static long fraction(Format f, long a) {
    return (a & (f.minNormal() - 1)) << (FRACTION - f.fractionBits());
  }

  private static long join(Format f, long sign, int exponent, long fraction) {
    return sign
        | (long) exponent << f.fractionBits()
        | (fraction & (1L << FRACTION) - 1) >>> (FRACTION - f.fractionBits());
  }

  /** A NaN as the result of an operation. */
  private static long nan(FloatEnv env, Format f, long a) {
    return SoftFloat.roundToIntegral(env, f, a, false);
  }

  private static long flushed(FloatEnv env, Format f, long a) {
    if (!env.flushInputs() || !f.isSubnormal(a)) {
      return a;
    }
    env.raise(FloatEnv.INPUT_FLUSHED);
    return f.sign(a);
  }

  static long reciprocal(FloatEnv env, Format f, long raw) {
    if (f.isNan(raw)) {
      return nan(env, f, raw);
    }
    long a = flushed(env, f, raw);
    long sign = f.sign(a);
    if (f.isInfinite(a)) {
      return sign;
    }
    if (f.isZero(a)) {
      env.raise(FloatEnv.DIVBYZERO);
      return sign | f.infinity();
    }
    if (f.magnitude(a) < f.minNormal() / 4) {
      return overflow(env, f, sign);
    }
    int exponent = exponentField(f, a);
    if (env.flushOutputs() != FlushToZero.OFF && exponent >= 2 * bias(f) - 1) {
      env.raise(FloatEnv.UNDERFLOW);
      return sign;
    }
    long fraction = fraction(f, a);
    if (exponent == 0) {
      boolean once = (fraction >>> 51) != 0;
      exponent = once ? 0 : -1;
      fraction <<= once ? 1 : 2;
    }
    int scaled = 256 | ((int) (fraction >>> 44) & 255);
    int result = 2 * bias(f) - 1 - exponent;
    long estimate = (long) (reciprocal(scaled) & 255) << 44;
    if (result > 0) {
      return join(f, sign, result, estimate);
    }
    long leading = estimate | 1L << FRACTION;
    return join(f, sign, 0, leading >>> (1 - result));
  }

  /** The reciprocal of a subnormal number: infinite, or the largest number. */
  private static long overflow(FloatEnv env, Format f, long sign) {
    env.raise(FloatEnv.OVERFLOW | FloatEnv.INEXACT);
    boolean infinite =
        switch (env.rounding()) {
          case UP -> sign == 0;
          case DOWN -> sign != 0;
          case TOWARD_ZERO -> false;
          default -> true;
        };
    return sign | (infinite ? f.infinity() : f.infinity() - 1);
  }

  static long reciprocalRoot(FloatEnv env, Format f, long raw) {
    if (f.isNan(raw)) {
      return nan(env, f, raw);
    }
    long a = flushed(env, f, raw);
    if (f.isZero(a)) {
      env.raise(FloatEnv.DIVBYZERO);
      return f.sign(a) | f.infinity();
    }
    if (f.isNegative(a)) {
      return SoftFloat.sqrt(env, f, a);
    }
    if (f.isInfinite(a)) {
      return 0;
    }
    int exponent = exponentField(f, a);
    long fraction = fraction(f, a);
    if (exponent == 0) {
      int shift = Long.numberOfLeadingZeros(fraction) - 11;
      fraction <<= shift;
      exponent = 1 - shift;
    }
    int scaled =
        (exponent & 1) == 0
            ? 256 | ((int) (fraction >>> 44) & 255)
            : 128 | ((int) (fraction >>> 45) & 127);
    int result = (3 * bias(f) - 1 - exponent) >> 1;
    return join(f, 0, result, (long) (reciprocalRoot(scaled) & 255) << 44);
  }

  static long reciprocalExponent(FloatEnv env, Format f, long a) {
    if (f.isNan(a)) {
      return nan(env, f, a);
    }
    var _ = flushed(env, f, a);
    int exponent = exponentField(f, a);
    int all = 2 * bias(f) + 1;
    return join(f, f.sign(a), exponent == 0 ? all - 1 : ~exponent & all, 0);
  }
}
