package dev.kasuari.softfloat;

import static dev.kasuari.softfloat.FloatEnv.INEXACT;
import static dev.kasuari.softfloat.FloatEnv.INVALID;

/** Conversions between formats and to and from integers; rounding to integral values; scaling. */
final class Conversion {
  private Conversion() {}

  /** The value of {@code bits} in another format; NaN payloads keep their leading bits. */
  static long convert(FloatEnv env, Format from, Format to, long bits) {
    if (from.isNormal(bits)) {
      return Rounder.round(
          env, to, sign(to, from, bits), from.exponent(bits), from.significand(bits));
    }
    if (from.isNan(bits)) {
      return convertNan(env, from, to, bits);
    }
    long a = env.operand(from, bits);
    long sign = sign(to, from, a);
    if (from.isInfinite(a)) {
      return sign | to.infinity();
    }
    return from.isZero(a)
        ? sign
        : Rounder.round(env, to, sign, from.exponent(a), from.significand(a));
  }

  private static long sign(Format to, Format from, long bits) {
    return from.isNegative(bits) ? to.signBit() : 0;
  }

  private static long convertNan(FloatEnv env, Format from, Format to, long bits) {
    if (from.isSignalingNan(bits)) {
      env.flags |= INVALID;
    }
    if (env.defaultNanMode) {
      return env.defaultNan(to);
    }
    long fraction = bits & (from.minNormal() - 1);
    int shift = to.fractionBits() - from.fractionBits();
    long payload = shift >= 0 ? fraction << shift : fraction >>> -shift;
    return sign(to, from, bits) | to.infinity() | to.quietBit() | payload;
  }

  private static final int LARGEST_HALF_EXPONENT = 16;
  private static final long LARGEST_HALF = 0x7fff;

  /** Exact in all other formats. */
  static long fromAlternativeHalf(FloatEnv env, Format to, long bits) {
    Format half = Format.BINARY16;
    long sign = sign(to, half, bits);
    return half.isZero(bits)
        ? sign
        : Rounder.round(env, to, sign, half.exponent(bits), half.significand(bits));
  }

  /** DDI 0487, J1.1 "FPConvert" and "FPRound", with FPCR.AHP. */
  static long toAlternativeHalf(FloatEnv env, Format from, long bits) {
    Format half = Format.BINARY16;
    long sign = sign(half, from, bits);
    if (from.isNan(bits) || from.isInfinite(bits)) {
      env.flags |= INVALID;
      return sign | (from.isNan(bits) ? 0 : LARGEST_HALF);
    }
    long a = env.flushed(from, bits);
    if (from.isZero(a)) {
      return sign;
    }
    int exponent = from.exponent(a);
    int before = env.flags;
    // The largest exponent is that of numbers: what is not tiny is rounded one lower.
    boolean large = exponent > 0;
    long rounded =
        Rounder.round(env, half, sign, large ? exponent - 1 : exponent, from.significand(a));
    if (exponent > LARGEST_HALF_EXPONENT || (large && half.magnitude(rounded) >= half.infinity())) {
      env.flags = before | INVALID;
      return sign | LARGEST_HALF;
    }
    return large ? rounded + half.minNormal() : rounded;
  }

  /** value × 2^−scale, for a signed value. */
  static long fromSigned(FloatEnv env, Format f, long value, int scale) {
    return value < 0
        ? fromMagnitude(env, f, f.signBit(), -value, scale)
        : fromMagnitude(env, f, 0, value, scale);
  }

  /** sign × magnitude × 2^−scale; the magnitude is unsigned. */
  static long fromMagnitude(FloatEnv env, Format f, long sign, long magnitude, int scale) {
    if (magnitude == 0) {
      return 0;
    }
    return magnitude < 0
        ? Rounder.round(env, f, sign, 63 - scale, magnitude >>> 1 | (magnitude & 1))
        : Rounder.normalizeAndRound(env, f, sign, 62 - scale, magnitude);
  }

  /** a × 2^scale, rounded to a signed integer of {@code width} bits, 1 to 64, sign-extended. */
  static long toSigned(FloatEnv env, Format f, long bits, int width, int scale) {
    if (!f.isFinite(bits)) {
      return outOfRange(env, f, bits, width, true);
    }
    long a = env.flushed(f, bits);
    if (f.isZero(a)) {
      return 0;
    }
    int exponent = f.exponent(a) + scale;
    if (exponent > 63) {
      return outOfRange(env, f, bits, width, true);
    }
    int inexact = inexact(f, a, exponent);
    long magnitude = integer(env, f, a, exponent);
    long limit = 1L << (width - 1);
    boolean negative = f.isNegative(a);
    if (Long.compareUnsigned(magnitude, negative ? limit : limit - 1) > 0) {
      return outOfRange(env, f, bits, width, true);
    }
    env.flags |= inexact;
    return negative ? -magnitude : magnitude;
  }

  /** a × 2^scale, rounded to an unsigned integer of {@code width} bits, 1 to 64, zero-extended. */
  static long toUnsigned(FloatEnv env, Format f, long bits, int width, int scale) {
    if (!f.isFinite(bits)) {
      return outOfRange(env, f, bits, width, false);
    }
    long a = env.flushed(f, bits);
    if (f.isZero(a)) {
      return 0;
    }
    int exponent = f.exponent(a) + scale;
    if (exponent > 63) {
      return outOfRange(env, f, bits, width, false);
    }
    int inexact = inexact(f, a, exponent);
    long magnitude = integer(env, f, a, exponent);
    long limit = -1L >>> (64 - width);
    if (Long.compareUnsigned(magnitude, f.isNegative(a) ? 0 : limit) > 0) {
      return outOfRange(env, f, bits, width, false);
    }
    env.flags |= inexact;
    return magnitude;
  }

  /** The bits after the binary point, the first at bit 63; the last stands for all the rest. */
  private static long fraction(long significand, int exponent) {
    return switch (exponent) {
      case 62, 63 -> 0;
      case -1 -> significand << 1;
      default -> exponent < 0 ? 1 : significand << (exponent + 2);
    };
  }

  private static int inexact(Format f, long a, int exponent) {
    return fraction(f.significand(a), exponent) != 0 ? INEXACT : 0;
  }

  /** The magnitude rounded to an integer, unsigned; the exponent is at most 63. */
  private static long integer(FloatEnv env, Format f, long a, int exponent) {
    long significand = f.significand(a);
    long whole =
        exponent == 63 ? significand << 1 : exponent < 0 ? 0 : significand >>> (62 - exponent);
    long lost = fraction(significand, exponent);
    if (lost == 0) {
      return whole;
    }
    // Halved so that comparisons are of positive numbers; the jammed bit survives.
    long carry = Rounder.carry(env, f.sign(a), whole, lost >>> 1 | (lost & 1), 1L << 62);
    return env.rounding == Rounding.ODD ? whole | 1 : whole + carry;
  }

  private static long outOfRange(FloatEnv env, Format f, long bits, int width, boolean signed) {
    env.flags |= INVALID;
    long max = signed ? (1L << (width - 1)) - 1 : -1L >>> (64 - width);
    long min = signed ? ~max : 0;
    long saturated = f.isNegative(bits) ? min : max;
    boolean nan = f.isNan(bits);
    return switch (env.integerOverflow) {
      case SATURATE_NAN_MAX -> nan ? max : saturated;
      case SATURATE_NAN_ZERO -> nan ? 0 : saturated;
      case SATURATE_NAN_MIN -> nan ? min : saturated;
      case INDEFINITE -> signed ? min : max;
    };
  }

  /** Rounds to an integral value of the same format; raises INEXACT only if asked. */
  static long roundToIntegral(FloatEnv env, Format f, long bits, boolean raiseInexact) {
    if (f.isNan(bits)) {
      return Nans.propagate(env, f, bits);
    }
    long a = env.flushed(f, bits);
    if (f.isZero(a) || f.isInfinite(a) || f.exponent(a) >= f.fractionBits()) {
      return a;
    }
    int exponent = f.exponent(a);
    if (raiseInexact) {
      env.flags |= inexact(f, a, exponent);
    }
    long whole = integer(env, f, a, exponent);
    return whole == 0 ? f.sign(a) : Rounder.normalizeAndRound(env, f, f.sign(a), 62, whole);
  }

  /** a × 2^n, rounded once. */
  static long scalb(FloatEnv env, Format f, long bits, int n) {
    if (f.isNan(bits)) {
      return Nans.propagate(env, f, bits);
    }
    long a = env.operand(f, bits);
    if (f.isZero(a) || f.isInfinite(a)) {
      return a;
    }
    // Beyond ±100,000 every result over- or underflows alike.
    int clamped = Math.clamp(n, -100_000, 100_000);
    return Rounder.round(env, f, f.sign(a), f.exponent(a) + clamped, f.significand(a));
  }
}
