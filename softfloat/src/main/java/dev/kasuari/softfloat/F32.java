package dev.kasuari.softfloat;

/**
 * IEEE 754-2019 binary32 operations on bit patterns held in {@code int}s. Nothing is allocated and
 * nothing is thrown. Each operation raises its exceptions in the environment's flags.
 *
 * <p>Fast paths. Java's {@code float} arithmetic is strict IEEE round-to-nearest-even (JLS 15.4).
 * If that is the environment's mode, INEXACT is raised already, and the result is a finite number
 * above the smallest normal one, then no other flag can be due: not INVALID, DIVBYZERO or OVERFLOW,
 * which give NaN or infinity, and not UNDERFLOW, because rounding is monotonic: a result above the
 * smallest normal number comes from an exact one not below it. So the host's result is the whole
 * answer.
 */
public final class F32 {
  private static final Format FORMAT = Format.BINARY32;

  private F32() {}

  /** a + b. */
  public static int add(FloatEnv env, int a, int b) {
    if ((env.flags & env.nativeInexact) != 0) {
      int r = Float.floatToRawIntBits(Float.intBitsToFloat(a) + Float.intBitsToFloat(b));
      if (isAboveTiny(r)) {
        return r;
      }
    }
    return (int) Addition.add(env, FORMAT, wide(a), wide(b));
  }

  /** a − b. Not the same as adding −b: a NaN b keeps its sign. */
  public static int sub(FloatEnv env, int a, int b) {
    if ((env.flags & env.nativeInexact) != 0) {
      int r = Float.floatToRawIntBits(Float.intBitsToFloat(a) - Float.intBitsToFloat(b));
      if (isAboveTiny(r)) {
        return r;
      }
    }
    return (int) Addition.sub(env, FORMAT, wide(a), wide(b));
  }

  /** a × b. */
  public static int mul(FloatEnv env, int a, int b) {
    if ((env.flags & env.nativeInexact) != 0) {
      int r = Float.floatToRawIntBits(Float.intBitsToFloat(a) * Float.intBitsToFloat(b));
      if (isAboveTiny(r)) {
        return r;
      }
    }
    return (int) Multiplication.mul(env, FORMAT, wide(a), wide(b));
  }

  /** a ÷ b. */
  public static int div(FloatEnv env, int a, int b) {
    if ((env.flags & env.nativeInexact) != 0) {
      int r = Float.floatToRawIntBits(Float.intBitsToFloat(a) / Float.intBitsToFloat(b));
      if (isAboveTiny(r)) {
        return r;
      }
    }
    return (int) Division.div(env, FORMAT, wide(a), wide(b));
  }

  /** √a. */
  public static int sqrt(FloatEnv env, int a) {
    if ((env.flags & env.nativeInexact) != 0) {
      int r = Float.floatToRawIntBits((float) Math.sqrt(Float.intBitsToFloat(a)));
      if (isAboveTiny(r)) {
        return r;
      }
    }
    return (int) Division.sqrt(env, FORMAT, wide(a));
  }

  /**
   * a × b + c, rounded once. Negated forms are made by flipping the sign bits of a (product) or c
   * (addend) first; a flipped NaN then propagates with its flipped sign, so an ISA that propagates
   * the original must do so before it calls.
   */
  public static int fma(FloatEnv env, int a, int b, int c) {
    if ((env.flags & env.nativeInexact) != 0) {
      int r = Float.floatToRawIntBits(nativeFma(a, b, c));
      if (isAboveTiny(r)) {
        return r;
      }
    }
    return (int) Multiplication.fma(env, FORMAT, wide(a), wide(b), wide(c));
  }

  /** a − n × b, where n is the integer nearest to a ÷ b, ties to even; always exact. */
  public static int remainder(FloatEnv env, int a, int b) {
    return (int) Division.remainder(env, FORMAT, wide(a), wide(b));
  }

  /**
   * a rounded to an integral value by the rounding mode, in the same format. INEXACT is raised only
   * if asked (Arm's FRINTX, RISC-V's FROUNDNX, C's rint).
   */
  public static int roundToIntegral(FloatEnv env, int a, boolean raiseInexact) {
    return (int) Conversion.roundToIntegral(env, FORMAT, wide(a), raiseInexact);
  }

  /** a × 2^n, rounded once. */
  public static int scalb(FloatEnv env, int a, int n) {
    return (int) Conversion.scalb(env, FORMAT, wide(a), n);
  }

  /** The relation of a to b: LESS, EQUAL, GREATER or UNORDERED; a signalling NaN is invalid. */
  public static int compareQuiet(FloatEnv env, int a, int b) {
    if (env.plainSubnormals) {
      int relation = relation(a, b);
      if (relation != SoftFloat.UNORDERED) {
        return relation;
      }
    }
    return Comparison.compare(env, FORMAT, wide(a), wide(b), false);
  }

  /** The relation of a to b; any NaN is invalid. */
  public static int compareSignaling(FloatEnv env, int a, int b) {
    if (env.plainSubnormals) {
      int relation = relation(a, b);
      if (relation != SoftFloat.UNORDERED) {
        return relation;
      }
    }
    return Comparison.compare(env, FORMAT, wide(a), wide(b), true);
  }

  /** Whether a = b; a signalling NaN is invalid. */
  public static boolean eqQuiet(FloatEnv env, int a, int b) {
    return compareQuiet(env, a, b) == SoftFloat.EQUAL;
  }

  /** Whether a &lt; b; a signalling NaN is invalid. */
  public static boolean ltQuiet(FloatEnv env, int a, int b) {
    return compareQuiet(env, a, b) == SoftFloat.LESS;
  }

  /** Whether a ≤ b; a signalling NaN is invalid. */
  public static boolean leQuiet(FloatEnv env, int a, int b) {
    return compareQuiet(env, a, b) <= SoftFloat.EQUAL;
  }

  /** Whether a = b; any NaN is invalid. */
  public static boolean eqSignaling(FloatEnv env, int a, int b) {
    return compareSignaling(env, a, b) == SoftFloat.EQUAL;
  }

  /** Whether a &lt; b; any NaN is invalid. */
  public static boolean ltSignaling(FloatEnv env, int a, int b) {
    return compareSignaling(env, a, b) == SoftFloat.LESS;
  }

  /** Whether a ≤ b; any NaN is invalid. */
  public static boolean leSignaling(FloatEnv env, int a, int b) {
    return compareSignaling(env, a, b) <= SoftFloat.EQUAL;
  }

  /** IEEE 754-2019 minimum: a NaN operand is the result; −0 &lt; +0. */
  public static int minimum(FloatEnv env, int a, int b) {
    return (int) Comparison.extremum(env, FORMAT, wide(a), wide(b), false);
  }

  /** IEEE 754-2019 maximum: a NaN operand is the result; −0 &lt; +0. */
  public static int maximum(FloatEnv env, int a, int b) {
    return (int) Comparison.extremum(env, FORMAT, wide(a), wide(b), true);
  }

  /** IEEE 754-2019 minimumNumber (RISC-V FMIN): a number wins over any NaN; −0 &lt; +0. */
  public static int minimumNumber(FloatEnv env, int a, int b) {
    return (int) Comparison.extremumNumber(env, FORMAT, wide(a), wide(b), false);
  }

  /** IEEE 754-2019 maximumNumber (RISC-V FMAX): a number wins over any NaN; −0 &lt; +0. */
  public static int maximumNumber(FloatEnv env, int a, int b) {
    return (int) Comparison.extremumNumber(env, FORMAT, wide(a), wide(b), true);
  }

  /** IEEE 754-2008 minNum (Arm FMINNM): a number wins over a quiet NaN only; −0 &lt; +0. */
  public static int minNum(FloatEnv env, int a, int b) {
    return (int) Comparison.extremumNum2008(env, FORMAT, wide(a), wide(b), false);
  }

  /** IEEE 754-2008 maxNum (Arm FMAXNM): a number wins over a quiet NaN only; −0 &lt; +0. */
  public static int maxNum(FloatEnv env, int a, int b) {
    return (int) Comparison.extremumNum2008(env, FORMAT, wide(a), wide(b), true);
  }

  /** x86 MIN: {@code a < b ? a : b}; any NaN is invalid and gives b, two zeros give b. */
  public static int minElseSecond(FloatEnv env, int a, int b) {
    return (int) Comparison.extremumElseSecond(env, FORMAT, wide(a), wide(b), false);
  }

  /** x86 MAX: {@code a > b ? a : b}; any NaN is invalid and gives b, two zeros give b. */
  public static int maxElseSecond(FloatEnv env, int a, int b) {
    return (int) Comparison.extremumElseSecond(env, FORMAT, wide(a), wide(b), true);
  }

  /** a as a signed 32-bit integer, by the rounding mode. */
  public static int toInt32(FloatEnv env, int a) {
    float x = Float.intBitsToFloat(a);
    int whole = (int) x;
    // Saturated conversions compare equal at 2^31 only.
    if (whole == x && whole != Integer.MAX_VALUE) {
      return whole;
    }
    if (env.rounding == Rounding.TOWARD_ZERO && isAboveTiny(a) && Math.abs(x) < 0x1p31f) {
      env.flags |= FloatEnv.INEXACT;
      return whole;
    }
    return (int) Conversion.toSigned(env, FORMAT, wide(a), 32, 0);
  }

  /** a as an unsigned 32-bit integer, by the rounding mode. */
  public static int toUint32(FloatEnv env, int a) {
    return (int) Conversion.toUnsigned(env, FORMAT, wide(a), 32, 0);
  }

  /** a as a signed 64-bit integer, by the rounding mode. */
  public static long toInt64(FloatEnv env, int a) {
    float x = Float.intBitsToFloat(a);
    long whole = (long) x;
    // Saturated conversions compare equal at 2^63 only.
    if (whole == x && whole != Long.MAX_VALUE) {
      return whole;
    }
    if (env.rounding == Rounding.TOWARD_ZERO && isAboveTiny(a) && Math.abs(x) < 0x1p63f) {
      env.flags |= FloatEnv.INEXACT;
      return whole;
    }
    return Conversion.toSigned(env, FORMAT, wide(a), 64, 0);
  }

  /** a as an unsigned 64-bit integer, by the rounding mode. */
  public static long toUint64(FloatEnv env, int a) {
    return Conversion.toUnsigned(env, FORMAT, wide(a), 64, 0);
  }

  /** The number nearest to a signed 32-bit integer, by the rounding mode. */
  public static int fromInt32(FloatEnv env, int value) {
    return fromInt64(env, value);
  }

  /** The number nearest to an unsigned 32-bit integer, by the rounding mode. */
  public static int fromUint32(FloatEnv env, int value) {
    return fromInt64(env, Integer.toUnsignedLong(value));
  }

  /** The number nearest to a signed 64-bit integer, by the rounding mode. */
  public static int fromInt64(FloatEnv env, long value) {
    if (Math.abs(value) <= 1L << 24 || (env.flags & env.nativeInexact) != 0) {
      return Float.floatToRawIntBits((float) value);
    }
    return (int) Conversion.fromSigned(env, FORMAT, value, 0);
  }

  /** The number nearest to an unsigned 64-bit integer, by the rounding mode. */
  public static int fromUint64(FloatEnv env, long value) {
    return value >= 0
        ? fromInt64(env, value)
        : (int) Conversion.fromMagnitude(env, FORMAT, 0, value, 0);
  }

  /** a in binary64: exact. */
  public static long toF64(FloatEnv env, int a) {
    if (isAboveTiny(a)) {
      return Double.doubleToRawLongBits(Float.intBitsToFloat(a));
    }
    return Conversion.convert(env, FORMAT, Format.BINARY64, wide(a));
  }

  /** RISC-V's ten-bit class mask of a; see {@link Format#classify(long)}. */
  public static int classify(int a) {
    return FORMAT.classify(wide(a));
  }

  /** Whether a is a NaN of either kind. */
  public static boolean isNan(int a) {
    return FORMAT.isNan(wide(a));
  }

  /** Whether a is a signalling NaN. */
  public static boolean isSignalingNan(int a) {
    return FORMAT.isSignalingNan(wide(a));
  }

  /** Whether it is a finite number whose magnitude is greater than the smallest normal one. */
  static boolean isAboveTiny(int bits) {
    // Unsigned: what is below wraps to the top.
    return Integer.compareUnsigned((bits & 0x7fff_ffff) - 0x0080_0001, 0x7f80_0000 - 0x0080_0001)
        < 0;
  }

  private static int relation(int a, int b) {
    float x = Float.intBitsToFloat(a);
    float y = Float.intBitsToFloat(b);
    if (x < y) {
      return SoftFloat.LESS;
    }
    return x == y ? SoftFloat.EQUAL : x > y ? SoftFloat.GREATER : SoftFloat.UNORDERED;
  }

  /**
   * a × b + c to the nearest even, by {@code double}s. The product of two 24-bit significands is
   * exact in one. Knuth's TwoSum gives the error of the sum exactly, as nothing overflows or
   * becomes subnormal here. With the error's sign the sum is rounded to odd instead: an inexact sum
   * with a clear last bit moves one step to the side where the exact one lies. Narrowing a sum
   * rounded to odd with two bits or more to spare rounds like the exact one (Boldo and Melquiond,
   * "Emulation of FMA and correctly rounded sums", 2008).
   */
  private static float nativeFma(int a, int b, int c) {
    double product = (double) Float.intBitsToFloat(a) * Float.intBitsToFloat(b);
    double addend = Float.intBitsToFloat(c);
    double sum = product + addend;
    double part = sum - product;
    double error = (product - (sum - part)) + (addend - part);
    long bits = Double.doubleToRawLongBits(sum);
    if (error != 0 && (bits & 1) == 0) {
      // Away from zero if the error has the sum's sign, else towards zero.
      bits += (Double.doubleToRawLongBits(error) ^ bits) < 0 ? -1 : 1;
    }
    return (float) Double.longBitsToDouble(bits);
  }

  private static long wide(int bits) {
    return bits & 0xffff_ffffL;
  }
}
