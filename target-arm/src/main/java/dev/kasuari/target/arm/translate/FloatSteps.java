package dev.kasuari.target.arm.translate;

import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.softfloat.FlushToZero;
import dev.kasuari.softfloat.Format;
import dev.kasuari.softfloat.Rounding;
import dev.kasuari.softfloat.SoftFloat;

/** Arithmetic of its own kind on bit patterns. Source: DDI 0487, J1.1. */
final class FloatSteps {
  private static final Format F32 = Format.BINARY32;
  private static final Format F64 = Format.BINARY64;

  private FloatSteps() {}

  /** The bits of a number that every format has exactly. */
  private static long of(Format f, double value) {
    return SoftFloat.convert(FloatEnv.arm(), F64, f, Double.doubleToRawLongBits(value));
  }

  /** An operand as the operation sees it, without telling. */
  private static long flushed(FloatEnv env, Format f, long a) {
    return env.flushInputs() && f.isSubnormal(a) ? f.sign(a) : a;
  }

  /** A subnormal operand is told of. */
  private static void tell(FloatEnv env, Format f, long a) {
    if (env.flushInputs() && f.isSubnormal(a)) {
      env.raise(FloatEnv.INPUT_FLUSHED);
    }
  }

  private static boolean zeroTimesInfinity(FloatEnv env, Format f, long rawA, long rawB) {
    long a = flushed(env, f, rawA);
    long b = flushed(env, f, rawB);
    boolean special = (f.isZero(a) && f.isInfinite(b)) || (f.isInfinite(a) && f.isZero(b));
    if (special) {
      tell(env, f, rawA);
      tell(env, f, rawB);
    }
    return special;
  }

  /** "FPMulX": zero times infinity is two. */
  static long multiplyExtended(FloatEnv env, Format f, long a, long b) {
    if (zeroTimesInfinity(env, f, a, b)) {
      return f.sign(a ^ b) | of(f, 2);
    }
    return SoftFloat.mul(env, f, a, b);
  }

  /** "FPRecipStepFused": 2 - a * b. */
  static long reciprocal(FloatEnv env, Format f, long a, long b) {
    if (zeroTimesInfinity(env, f, a, b)) {
      return of(f, 2);
    }
    return SoftFloat.fma(env, f, a ^ f.signBit(), b, of(f, 2));
  }

  /** "FPRSqrtStepFused": (3 - a * b) / 2. */
  static long reciprocalRoot(FloatEnv env, Format f, long a, long b) {
    if (zeroTimesInfinity(env, f, a, b)) {
      return of(f, 1.5);
    }
    long negated = a ^ f.signBit();
    // Half of the larger factor is exact; if it is not the product is of no weight.
    if (f.magnitude(a) >= f.magnitude(b)) {
      return SoftFloat.fma(env, f, half(f, negated), b, of(f, 1.5));
    }
    return SoftFloat.fma(env, f, negated, half(f, b), of(f, 1.5));
  }

  private static long half(Format f, long a) {
    boolean exact = f.isFinite(a) && f.magnitude(a) >= 2 * f.minNormal();
    return exact ? a - f.minNormal() : a;
  }

  /** "FPRoundIntN": what does not fit becomes the smallest integer. */
  static long integral(FloatEnv env, Format f, int bits, long a) {
    long smallest = f.signBit() | of(f, Math.scalb(1.0, bits - 1));
    if (!f.isFinite(a)) {
      env.raise(FloatEnv.INVALID);
      return smallest;
    }
    long result = SoftFloat.roundToIntegral(env, f, a, true);
    long magnitude = f.magnitude(result);
    long limit = f.magnitude(smallest);
    if (f.isNegative(result) ? magnitude > limit : magnitude >= limit) {
      env.setFlags(FloatEnv.INVALID);
      return smallest;
    }
    return result;
  }

  private static final long FITS = 1L << 32;

  /** "FPToFixedJS": modulo 2^32, and bit 32 says that nothing was lost. */
  static long toJavaScript(FloatEnv env, long raw) {
    tell(env, F64, raw);
    long a = flushed(env, F64, raw);
    if (!F64.isFinite(a)) {
      env.raise(FloatEnv.INVALID);
      return 0;
    }
    double value = Double.longBitsToDouble(a);
    long result = Integer.toUnsignedLong(modulo(a));
    if (Math.abs(value) >= 0x1p63 || (long) value != (int) value) {
      env.raise(FloatEnv.INVALID);
      return result;
    }
    if ((int) value != value) {
      env.raise(FloatEnv.INEXACT);
      return result;
    }
    return a == F64.signBit() ? result : result | FITS;
  }

  /** The integer part modulo 2^32. */
  private static int modulo(long bits) {
    int exponent = Math.getExponent(Double.longBitsToDouble(bits));
    if (exponent < 0) {
      return 0;
    }
    long significand = (bits & (F64.minNormal() - 1)) | F64.minNormal();
    int shift = exponent - F64.fractionBits();
    long magnitude =
        shift <= 0 ? significand >>> -shift : shift < Long.SIZE ? significand << shift : 0;
    return (int) (F64.isNegative(bits) ? -magnitude : magnitude);
  }

  /** "FPMulAddH": halves are exact as singles, signaling NaNs remain such. */
  static long multiplyHalves(FloatEnv env, long addend, long halves) {
    boolean flush = (halves >> 32 & 1) != 0;
    long a = single(halves & 0xffff, flush);
    long b = single(halves >> 16 & 0xffff, flush);
    return SoftFloat.fma(env, F32, a, b, addend);
  }

  private static long single(long half, boolean flush) {
    Format f = Format.BINARY16;
    long sign = f.sign(half) << 16;
    if (f.isNan(half)) {
      return sign | F32.infinity() | (half & (f.minNormal() - 1)) << 13;
    }
    if (flush && f.isSubnormal(half)) {
      return sign;
    }
    return SoftFloat.convert(FloatEnv.arm(), f, F32, half);
  }

  /** "BFDotAdd": rounded to odd, without subnormal numbers and without flags. */
  static long bfloatDot(long addend, long pairs) {
    FloatEnv env =
        FloatEnv.arm()
            .rounding(Rounding.ODD)
            .defaultNanMode(true)
            .flushInputs(true)
            .flushOutputs(FlushToZero.UNDERFLOW);
    long low = bfloat(env, SoftFloat.mul(env, F32, (pairs & 0xffff) << 16, upper(pairs >>> 32)));
    env.clearFlags();
    long high =
        bfloat(env, SoftFloat.mul(env, F32, pairs & 0xffff_0000L, pairs >>> 32 & 0xffff_0000L));
    env.clearFlags();
    long sum = bfloat(env, SoftFloat.add(env, F32, low, high));
    env.clearFlags();
    return bfloat(env, SoftFloat.add(env, F32, addend, sum));
  }

  private static long upper(long pair) {
    return (pair & 0xffff) << 16;
  }

  /** What overflows is infinite, also when it was rounded to odd. */
  private static long bfloat(FloatEnv env, long result) {
    return (env.flags() & FloatEnv.OVERFLOW) != 0 ? F32.sign(result) | F32.infinity() : result;
  }
}
