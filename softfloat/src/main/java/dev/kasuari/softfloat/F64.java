package dev.kasuari.softfloat;

/**
 * IEEE 754-2019 binary64 operations on bit patterns held in {@code long}s. Nothing is allocated and
 * nothing is thrown. Each operation raises its exceptions in the environment's flags.
 *
 * <p>Fast paths. Java's {@code double} arithmetic is strict IEEE round-to-nearest-even (JLS 15.4).
 * If that is the environment's mode, INEXACT is raised already, and the result is a finite number
 * above the smallest normal one, then no other flag can be due: not INVALID, DIVBYZERO or OVERFLOW,
 * which give NaN or infinity, and not UNDERFLOW, because rounding is monotonic: a result above the
 * smallest normal number comes from an exact one not below it. So the host's result is the whole
 * answer.
 */
public final class F64 {
  private static final Format FORMAT = Format.BINARY64;

  private F64() {}

  /** a + b. */
  public static long add(FloatEnv env, long a, long b) {
    if ((env.flags & env.nativeInexact) != 0) {
      long r = Double.doubleToRawLongBits(Double.longBitsToDouble(a) + Double.longBitsToDouble(b));
      if (isAboveTiny(r)) {
        return r;
      }
    }
    return Addition.add(env, FORMAT, a, b);
  }

  /** a − b. Not the same as adding −b: a NaN b keeps its sign. */
  public static long sub(FloatEnv env, long a, long b) {
    if ((env.flags & env.nativeInexact) != 0) {
      long r = Double.doubleToRawLongBits(Double.longBitsToDouble(a) - Double.longBitsToDouble(b));
      if (isAboveTiny(r)) {
        return r;
      }
    }
    return Addition.sub(env, FORMAT, a, b);
  }

  /** a × b. */
  public static long mul(FloatEnv env, long a, long b) {
    if ((env.flags & env.nativeInexact) != 0) {
      long r = Double.doubleToRawLongBits(Double.longBitsToDouble(a) * Double.longBitsToDouble(b));
      if (isAboveTiny(r)) {
        return r;
      }
    }
    return Multiplication.mul(env, FORMAT, a, b);
  }

  /** a ÷ b. */
  public static long div(FloatEnv env, long a, long b) {
    if ((env.flags & env.nativeInexact) != 0) {
      long r = Double.doubleToRawLongBits(Double.longBitsToDouble(a) / Double.longBitsToDouble(b));
      if (isAboveTiny(r)) {
        return r;
      }
    }
    return Division.div(env, FORMAT, a, b);
  }

  /** √a. */
  public static long sqrt(FloatEnv env, long a) {
    if ((env.flags & env.nativeInexact) != 0) {
      long r = Double.doubleToRawLongBits(Math.sqrt(Double.longBitsToDouble(a)));
      if (isAboveTiny(r)) {
        return r;
      }
    }
    return Division.sqrt(env, FORMAT, a);
  }

  /**
   * a × b + c, rounded once. Negated forms are made by flipping the sign bits of a (product) or c
   * (addend) first; a flipped NaN then propagates with its flipped sign, so an ISA that propagates
   * the original must do so before it calls.
   */
  public static long fma(FloatEnv env, long a, long b, long c) {
    return Multiplication.fma(env, FORMAT, a, b, c);
  }

  /** a − n × b, where n is the integer nearest to a ÷ b, ties to even; always exact. */
  public static long remainder(FloatEnv env, long a, long b) {
    return Division.remainder(env, FORMAT, a, b);
  }

  /**
   * a rounded to an integral value by the rounding mode, in the same format. INEXACT is raised only
   * if asked (Arm's FRINTX, RISC-V's FROUNDNX, C's rint).
   */
  public static long roundToIntegral(FloatEnv env, long a, boolean raiseInexact) {
    return Conversion.roundToIntegral(env, FORMAT, a, raiseInexact);
  }

  /** a × 2^n, rounded once. */
  public static long scalb(FloatEnv env, long a, int n) {
    return Conversion.scalb(env, FORMAT, a, n);
  }

  /** The relation of a to b: LESS, EQUAL, GREATER or UNORDERED; a signalling NaN is invalid. */
  public static int compareQuiet(FloatEnv env, long a, long b) {
    if (env.plainSubnormals) {
      int relation = relation(a, b);
      if (relation != SoftFloat.UNORDERED) {
        return relation;
      }
    }
    return Comparison.compare(env, FORMAT, a, b, false);
  }

  /** The relation of a to b; any NaN is invalid. */
  public static int compareSignaling(FloatEnv env, long a, long b) {
    if (env.plainSubnormals) {
      int relation = relation(a, b);
      if (relation != SoftFloat.UNORDERED) {
        return relation;
      }
    }
    return Comparison.compare(env, FORMAT, a, b, true);
  }

  /** Whether a = b; a signalling NaN is invalid. */
  public static boolean eqQuiet(FloatEnv env, long a, long b) {
    return compareQuiet(env, a, b) == SoftFloat.EQUAL;
  }

  /** Whether a &lt; b; a signalling NaN is invalid. */
  public static boolean ltQuiet(FloatEnv env, long a, long b) {
    return compareQuiet(env, a, b) == SoftFloat.LESS;
  }

  /** Whether a ≤ b; a signalling NaN is invalid. */
  public static boolean leQuiet(FloatEnv env, long a, long b) {
    return compareQuiet(env, a, b) <= SoftFloat.EQUAL;
  }

  /** Whether a = b; any NaN is invalid. */
  public static boolean eqSignaling(FloatEnv env, long a, long b) {
    return compareSignaling(env, a, b) == SoftFloat.EQUAL;
  }

  /** Whether a &lt; b; any NaN is invalid. */
  public static boolean ltSignaling(FloatEnv env, long a, long b) {
    return compareSignaling(env, a, b) == SoftFloat.LESS;
  }

  /** Whether a ≤ b; any NaN is invalid. */
  public static boolean leSignaling(FloatEnv env, long a, long b) {
    return compareSignaling(env, a, b) <= SoftFloat.EQUAL;
  }

  /** IEEE 754-2019 minimum: a NaN operand is the result; −0 &lt; +0. */
  public static long minimum(FloatEnv env, long a, long b) {
    return Comparison.extremum(env, FORMAT, a, b, false);
  }

  /** IEEE 754-2019 maximum: a NaN operand is the result; −0 &lt; +0. */
  public static long maximum(FloatEnv env, long a, long b) {
    return Comparison.extremum(env, FORMAT, a, b, true);
  }

  /** IEEE 754-2019 minimumNumber (RISC-V FMIN): a number wins over any NaN; −0 &lt; +0. */
  public static long minimumNumber(FloatEnv env, long a, long b) {
    return Comparison.extremumNumber(env, FORMAT, a, b, false);
  }

  /** IEEE 754-2019 maximumNumber (RISC-V FMAX): a number wins over any NaN; −0 &lt; +0. */
  public static long maximumNumber(FloatEnv env, long a, long b) {
    return Comparison.extremumNumber(env, FORMAT, a, b, true);
  }

  /** IEEE 754-2008 minNum (Arm FMINNM): a number wins over a quiet NaN only; −0 &lt; +0. */
  public static long minNum(FloatEnv env, long a, long b) {
    return Comparison.extremumNum2008(env, FORMAT, a, b, false);
  }

  /** IEEE 754-2008 maxNum (Arm FMAXNM): a number wins over a quiet NaN only; −0 &lt; +0. */
  public static long maxNum(FloatEnv env, long a, long b) {
    return Comparison.extremumNum2008(env, FORMAT, a, b, true);
  }

  /** x86 MIN: {@code a < b ? a : b}; any NaN is invalid and gives b, two zeros give b. */
  public static long minElseSecond(FloatEnv env, long a, long b) {
    return Comparison.extremumElseSecond(env, FORMAT, a, b, false);
  }

  /** x86 MAX: {@code a > b ? a : b}; any NaN is invalid and gives b, two zeros give b. */
  public static long maxElseSecond(FloatEnv env, long a, long b) {
    return Comparison.extremumElseSecond(env, FORMAT, a, b, true);
  }

  /** a as a signed 32-bit integer, by the rounding mode. */
  public static int toInt32(FloatEnv env, long a) {
    double x = Double.longBitsToDouble(a);
    int whole = (int) x;
    if (whole == x) {
      return whole;
    }
    if (env.rounding == Rounding.TOWARD_ZERO && isAboveTiny(a) && Math.abs(x) < 0x1p31) {
      env.flags |= FloatEnv.INEXACT;
      return whole;
    }
    return (int) Conversion.toSigned(env, FORMAT, a, 32, 0);
  }

  /** a as an unsigned 32-bit integer, by the rounding mode. */
  public static int toUint32(FloatEnv env, long a) {
    return (int) Conversion.toUnsigned(env, FORMAT, a, 32, 0);
  }

  /** a as a signed 64-bit integer, by the rounding mode. */
  public static long toInt64(FloatEnv env, long a) {
    double x = Double.longBitsToDouble(a);
    long whole = (long) x;
    // Saturated conversions compare equal at 2^63 only.
    if (whole == x && whole != Long.MAX_VALUE) {
      return whole;
    }
    if (env.rounding == Rounding.TOWARD_ZERO && isAboveTiny(a) && Math.abs(x) < 0x1p63) {
      env.flags |= FloatEnv.INEXACT;
      return whole;
    }
    return Conversion.toSigned(env, FORMAT, a, 64, 0);
  }

  /** a as an unsigned 64-bit integer, by the rounding mode. */
  public static long toUint64(FloatEnv env, long a) {
    return Conversion.toUnsigned(env, FORMAT, a, 64, 0);
  }

  /** A signed 32-bit integer, exactly. */
  public static long fromInt32(FloatEnv env, int value) {
    return Double.doubleToRawLongBits(value);
  }

  /** An unsigned 32-bit integer, exactly. */
  public static long fromUint32(FloatEnv env, int value) {
    return Double.doubleToRawLongBits((double) Integer.toUnsignedLong(value));
  }

  /** The number nearest to a signed 64-bit integer, by the rounding mode. */
  public static long fromInt64(FloatEnv env, long value) {
    if (Math.abs(value) <= 1L << 53 || (env.flags & env.nativeInexact) != 0) {
      return Double.doubleToRawLongBits((double) value);
    }
    return Conversion.fromSigned(env, FORMAT, value, 0);
  }

  /** The number nearest to an unsigned 64-bit integer, by the rounding mode. */
  public static long fromUint64(FloatEnv env, long value) {
    return value >= 0 ? fromInt64(env, value) : Conversion.fromMagnitude(env, FORMAT, 0, value, 0);
  }

  /** a in binary32, by the rounding mode. */
  public static int toF32(FloatEnv env, long a) {
    if ((env.flags & env.nativeInexact) != 0) {
      int r = Float.floatToRawIntBits((float) Double.longBitsToDouble(a));
      if (F32.isAboveTiny(r)) {
        return r;
      }
    }
    return (int) Conversion.convert(env, FORMAT, Format.BINARY32, a);
  }

  /** RISC-V's ten-bit class mask of a; see {@link Format#classify(long)}. */
  public static int classify(long a) {
    return FORMAT.classify(a);
  }

  /** Whether a is a NaN of either kind. */
  public static boolean isNan(long a) {
    return FORMAT.isNan(a);
  }

  /** Whether a is a signalling NaN. */
  public static boolean isSignalingNan(long a) {
    return FORMAT.isSignalingNan(a);
  }

  /** Whether it is a finite number whose magnitude is greater than the smallest normal one. */
  private static boolean isAboveTiny(long bits) {
    // Unsigned: what is below wraps to the top.
    return Long.compareUnsigned(
            (bits & 0x7fff_ffff_ffff_ffffL) - 0x0010_0000_0000_0001L,
            0x7ff0_0000_0000_0000L - 0x0010_0000_0000_0001L)
        < 0;
  }

  private static int relation(long a, long b) {
    double x = Double.longBitsToDouble(a);
    double y = Double.longBitsToDouble(b);
    if (x < y) {
      return SoftFloat.LESS;
    }
    return x == y ? SoftFloat.EQUAL : x > y ? SoftFloat.GREATER : SoftFloat.UNORDERED;
  }
}
