package dev.kasuari.softfloat;

/**
 * IEEE 754-2019 operations on the bit patterns of any {@link Format}. For binary32 and binary64 use
 * {@link F32} and {@link F64}, which have types and fast paths of their own; this is for binary16,
 * bfloat16 and for code whose format is a variable, such as a vector unit's.
 *
 * <p>Operands must have zeros above the format's width; results have. Nothing is allocated and
 * nothing is thrown. Each operation raises its exceptions in the environment's flags.
 */
public final class SoftFloat {
  /** The first operand is less. */
  public static final int LESS = -1;

  /** The operands are equal, also zeros of different sign. */
  public static final int EQUAL = 0;

  /** The first operand is greater. */
  public static final int GREATER = 1;

  /** At least one operand is a NaN. */
  public static final int UNORDERED = 2;

  private SoftFloat() {}

  /** a + b. */
  public static long add(FloatEnv env, Format f, long a, long b) {
    return Addition.add(env, f, a, b);
  }

  /** a − b. Not the same as adding −b: a NaN b keeps its sign. */
  public static long sub(FloatEnv env, Format f, long a, long b) {
    return Addition.sub(env, f, a, b);
  }

  /** a × b. */
  public static long mul(FloatEnv env, Format f, long a, long b) {
    return Multiplication.mul(env, f, a, b);
  }

  /** a ÷ b. */
  public static long div(FloatEnv env, Format f, long a, long b) {
    return Division.div(env, f, a, b);
  }

  /** √a. */
  public static long sqrt(FloatEnv env, Format f, long a) {
    return Division.sqrt(env, f, a);
  }

  /**
   * a × b + c, rounded once. Negated forms are made by flipping the sign bits of a (product) or c
   * (addend) first; a flipped NaN then propagates with its flipped sign, so an ISA that propagates
   * the original must do so before it calls.
   */
  public static long fma(FloatEnv env, Format f, long a, long b, long c) {
    return Multiplication.fma(env, f, a, b, c);
  }

  /** a − n × b, where n is the integer nearest to a ÷ b, ties to even; always exact. */
  public static long remainder(FloatEnv env, Format f, long a, long b) {
    return Division.remainder(env, f, a, b);
  }

  /**
   * a rounded to an integral value by the rounding mode, in the same format. INEXACT is raised only
   * if asked (Arm's FRINTX, RISC-V's FROUNDNX, C's rint).
   */
  public static long roundToIntegral(FloatEnv env, Format f, long a, boolean raiseInexact) {
    return Conversion.roundToIntegral(env, f, a, raiseInexact);
  }

  /** a × 2^n, rounded once. */
  public static long scalb(FloatEnv env, Format f, long a, int n) {
    return Conversion.scalb(env, f, a, n);
  }

  /** The relation of a to b: LESS, EQUAL, GREATER or UNORDERED; a signalling NaN is invalid. */
  public static int compareQuiet(FloatEnv env, Format f, long a, long b) {
    return Comparison.compare(env, f, a, b, false);
  }

  /** The relation of a to b; any NaN is invalid. */
  public static int compareSignaling(FloatEnv env, Format f, long a, long b) {
    return Comparison.compare(env, f, a, b, true);
  }

  /** Whether a = b; a signalling NaN is invalid. */
  public static boolean eqQuiet(FloatEnv env, Format f, long a, long b) {
    return compareQuiet(env, f, a, b) == EQUAL;
  }

  /** Whether a &lt; b; a signalling NaN is invalid. */
  public static boolean ltQuiet(FloatEnv env, Format f, long a, long b) {
    return compareQuiet(env, f, a, b) == LESS;
  }

  /** Whether a ≤ b; a signalling NaN is invalid. */
  public static boolean leQuiet(FloatEnv env, Format f, long a, long b) {
    return compareQuiet(env, f, a, b) <= EQUAL;
  }

  /** Whether a = b; any NaN is invalid. */
  public static boolean eqSignaling(FloatEnv env, Format f, long a, long b) {
    return compareSignaling(env, f, a, b) == EQUAL;
  }

  /** Whether a &lt; b; any NaN is invalid. */
  public static boolean ltSignaling(FloatEnv env, Format f, long a, long b) {
    return compareSignaling(env, f, a, b) == LESS;
  }

  /** Whether a ≤ b; any NaN is invalid. */
  public static boolean leSignaling(FloatEnv env, Format f, long a, long b) {
    return compareSignaling(env, f, a, b) <= EQUAL;
  }

  /** IEEE 754-2019 minimum: a NaN operand is the result; −0 &lt; +0. */
  public static long minimum(FloatEnv env, Format f, long a, long b) {
    return Comparison.extremum(env, f, a, b, false);
  }

  /** IEEE 754-2019 maximum: a NaN operand is the result; −0 &lt; +0. */
  public static long maximum(FloatEnv env, Format f, long a, long b) {
    return Comparison.extremum(env, f, a, b, true);
  }

  /** IEEE 754-2019 minimumNumber (RISC-V FMIN): a number wins over any NaN; −0 &lt; +0. */
  public static long minimumNumber(FloatEnv env, Format f, long a, long b) {
    return Comparison.extremumNumber(env, f, a, b, false);
  }

  /** IEEE 754-2019 maximumNumber (RISC-V FMAX): a number wins over any NaN; −0 &lt; +0. */
  public static long maximumNumber(FloatEnv env, Format f, long a, long b) {
    return Comparison.extremumNumber(env, f, a, b, true);
  }

  /** IEEE 754-2008 minNum (Arm FMINNM): a number wins over a quiet NaN only; −0 &lt; +0. */
  public static long minNum(FloatEnv env, Format f, long a, long b) {
    return Comparison.extremumNum2008(env, f, a, b, false);
  }

  /** IEEE 754-2008 maxNum (Arm FMAXNM): a number wins over a quiet NaN only; −0 &lt; +0. */
  public static long maxNum(FloatEnv env, Format f, long a, long b) {
    return Comparison.extremumNum2008(env, f, a, b, true);
  }

  /** x86 MIN: {@code a < b ? a : b}; any NaN is invalid and gives b, two zeros give b. */
  public static long minElseSecond(FloatEnv env, Format f, long a, long b) {
    return Comparison.extremumElseSecond(env, f, a, b, false);
  }

  /** x86 MAX: {@code a > b ? a : b}; any NaN is invalid and gives b, two zeros give b. */
  public static long maxElseSecond(FloatEnv env, Format f, long a, long b) {
    return Comparison.extremumElseSecond(env, f, a, b, true);
  }

  /**
   * a × 2^scale, rounded to a signed integer of {@code width} bits (1 to 64), sign-extended. The
   * scale is the number of fraction bits of a fixed-point result, 0 for an integer.
   */
  public static long toSigned(FloatEnv env, Format f, long a, int width, int scale) {
    return Conversion.toSigned(env, f, a, width, scale);
  }

  /** a × 2^scale, rounded to an unsigned integer of {@code width} bits (1 to 64), zero-extended. */
  public static long toUnsigned(FloatEnv env, Format f, long a, int width, int scale) {
    return Conversion.toUnsigned(env, f, a, width, scale);
  }

  /** value × 2^−scale, for a signed value. */
  public static long fromSigned(FloatEnv env, Format f, long value, int scale) {
    return Conversion.fromSigned(env, f, value, scale);
  }

  /** value × 2^−scale, for an unsigned value. */
  public static long fromUnsigned(FloatEnv env, Format f, long value, int scale) {
    return Conversion.fromMagnitude(env, f, 0, value, scale);
  }

  /**
   * The value in another format. NaNs keep sign and leading payload bits, or become the default.
   */
  public static long convert(FloatEnv env, Format from, Format to, long a) {
    return Conversion.convert(env, from, to, a);
  }

  /**
   * A number of Arm's alternative half precision in another format: binary16 with numbers where it
   * has infinities and NaNs.
   */
  public static long fromAlternativeHalf(FloatEnv env, Format to, long a) {
    return Conversion.fromAlternativeHalf(env, to, a);
  }

  /**
   * The value in Arm's alternative half precision. What is too large becomes the largest number, a
   * NaN zero, both of the operand's sign; INVALID is raised, and neither OVERFLOW nor INEXACT.
   */
  public static long toAlternativeHalf(FloatEnv env, Format from, long a) {
    return Conversion.toAlternativeHalf(env, from, a);
  }
}
