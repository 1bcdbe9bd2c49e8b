package dev.kasuari.softfloat;

import static dev.kasuari.softfloat.FloatEnv.INEXACT;
import static dev.kasuari.softfloat.FloatEnv.OUTPUT_FLUSHED;
import static dev.kasuari.softfloat.FloatEnv.OVERFLOW;
import static dev.kasuari.softfloat.FloatEnv.UNDERFLOW;

/**
 * The last step of every operation: the exact result, or one that rounds alike, is fitted into its
 * format.
 *
 * <p>Results come as sign, exponent and a 63-bit significand: the magnitude is significand ×
 * 2^(exponent − 62) with the leading one at bit 62. Bits that did not fit were ORed into bit 0
 * (they were <em>jammed</em>), which changes no rounding as long as the format keeps fewer than 61
 * bits: what is below the rounding position matters only as zero, below half, half or above half.
 */
final class Rounder {
  private Rounder() {}

  /** Shifts right; the lowest bit of the result also stands for all bits lost. */
  static long shiftRightJam(long value, int count) {
    if (count > 63) {
      return value != 0 ? 1 : 0;
    }
    return value >>> count | ((value & ((1L << count) - 1)) != 0 ? 1 : 0);
  }

  /** Rounds a magnitude with its leading one at any bit from 0 to 62. */
  static long normalizeAndRound(FloatEnv env, Format f, long sign, int exponent, long significand) {
    int shift = Long.numberOfLeadingZeros(significand) - 1;
    return round(env, f, sign, exponent - shift, significand << shift);
  }

  /** Rounds to the format and raises OVERFLOW, UNDERFLOW and INEXACT. */
  static long round(FloatEnv env, Format f, long sign, int exponent, long significand) {
    int field = exponent + f.bias();
    if (field <= 0) {
      return roundTiny(env, f, sign, field, significand);
    }
    int discarded = 62 - f.fractionBits();
    long mask = (1L << discarded) - 1;
    long lost = significand & mask;
    if (field >= f.maxField()) {
      return overflow(env, f, sign);
    }
    // The leading one adds the missing 1 to the exponent, and so does a carry out of the fraction.
    long exact = ((long) (field - 1) << f.fractionBits()) + (significand >>> discarded);
    if (lost == 0) {
      return sign | exact;
    }
    long rounded = exact + carry(env, sign, exact, lost, (mask >>> 1) + 1);
    if (env.rounding == Rounding.ODD) {
      rounded |= 1;
    }
    if (rounded >= f.infinity()) {
      return overflow(env, f, sign);
    }
    env.flags |= INEXACT;
    return sign | rounded;
  }

  /** 1 if the magnitude is to be rounded up: {@code lost}, not zero, was cut off {@code kept}. */
  static long carry(FloatEnv env, long sign, long kept, long lost, long half) {
    return switch (env.rounding) {
      case NEAREST_EVEN -> lost > half || (lost == half && (kept & 1) != 0) ? 1 : 0;
      case NEAREST_MAX_MAGNITUDE -> lost >= half ? 1 : 0;
      case DOWN -> sign != 0 ? 1 : 0;
      case UP -> sign == 0 ? 1 : 0;
      case TOWARD_ZERO, ODD -> 0;
    };
  }

  private static long roundTiny(FloatEnv env, Format f, long sign, int field, long significand) {
    boolean tiny =
        field < 0 || env.tininessBeforeRounding || !reachesNextBinade(env, f, sign, significand);
    if (tiny && env.flushOutputs != FlushToZero.OFF) {
      return flush(env, sign);
    }
    int discarded = 62 - f.fractionBits();
    long mask = (1L << discarded) - 1;
    long shifted = shiftRightJam(significand, 1 - field);
    long exact = shifted >>> discarded;
    long lost = shifted & mask;
    if (lost == 0) {
      return sign | exact;
    }
    env.flags |= tiny ? UNDERFLOW | INEXACT : INEXACT;
    long rounded = exact + carry(env, sign, exact, lost, (mask >>> 1) + 1);
    return sign | (env.rounding == Rounding.ODD ? rounded | 1 : rounded);
  }

  /** Whether rounding to the format's precision with unbounded exponent gives a power of two. */
  private static boolean reachesNextBinade(FloatEnv env, Format f, long sign, long significand) {
    int discarded = 62 - f.fractionBits();
    long mask = (1L << discarded) - 1;
    long lost = significand & mask;
    long kept = significand >>> discarded;
    return kept == 2 * f.minNormal() - 1
        && lost != 0
        && carry(env, sign, kept, lost, (mask >>> 1) + 1) != 0;
  }

  private static long flush(FloatEnv env, long sign) {
    env.flags |=
        env.flushOutputs == FlushToZero.UNDERFLOW
            ? OUTPUT_FLUSHED | UNDERFLOW
            : OUTPUT_FLUSHED | UNDERFLOW | INEXACT;
    return sign;
  }

  private static long overflow(FloatEnv env, Format f, long sign) {
    env.flags |= OVERFLOW | INEXACT;
    boolean infinite =
        switch (env.rounding) {
          case NEAREST_EVEN, NEAREST_MAX_MAGNITUDE -> true;
          case DOWN -> sign != 0;
          case UP -> sign == 0;
          case TOWARD_ZERO, ODD -> false;
        };
    return sign | (infinite ? f.infinity() : f.infinity() - 1);
  }
}
