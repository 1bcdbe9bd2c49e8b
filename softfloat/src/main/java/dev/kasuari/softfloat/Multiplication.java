package dev.kasuari.softfloat;

/** Products, and products with an addend. */
final class Multiplication {
  private Multiplication() {}

  /** a × b. */
  static long mul(FloatEnv env, Format f, long a, long b) {
    if (f.isNormal(a) && f.isNormal(b)) {
      return mulNumbers(env, f, a, b);
    }
    return mulSpecial(env, f, a, b);
  }

  private static long mulSpecial(FloatEnv env, Format f, long rawA, long rawB) {
    if (f.isNan(rawA) || f.isNan(rawB)) {
      return Nans.propagate(env, f, rawA, rawB);
    }
    long a = env.operand(f, rawA);
    long b = env.operand(f, rawB);
    long sign = f.sign(a ^ b);
    if (f.isInfinite(a) || f.isInfinite(b)) {
      return f.isZero(a) || f.isZero(b) ? env.invalid(f) : sign | f.infinity();
    }
    return f.isZero(a) || f.isZero(b) ? sign : mulNumbers(env, f, a, b);
  }

  private static long mulNumbers(FloatEnv env, Format f, long a, long b) {
    long x = f.significand(a) << 1;
    long y = f.significand(b) << 1;
    int exponent = f.exponent(a) + f.exponent(b);
    // x and y have their leading ones at bit 63, so the high half has it at bit 63 or 62.
    long high = Math.unsignedMultiplyHigh(x, y);
    long product = x * y != 0 ? high | 1 : high;
    return product < 0
        ? Rounder.round(env, f, f.sign(a ^ b), exponent + 1, product >>> 1 | (product & 1))
        : Rounder.round(env, f, f.sign(a ^ b), exponent, product);
  }

  /** a × b + c, rounded once. */
  static long fma(FloatEnv env, Format f, long a, long b, long c) {
    if (f.isNormal(a) && f.isNormal(b) && f.isNormal(c)) {
      return fmaNumbers(env, f, a, b, c);
    }
    return fmaSpecial(env, f, a, b, c);
  }

  private static long fmaSpecial(FloatEnv env, Format f, long rawA, long rawB, long rawC) {
    if (f.isNan(rawA) || f.isNan(rawB) || f.isNan(rawC)) {
      return Nans.propagate(env, f, rawA, rawB, rawC);
    }
    long a = env.flushed(f, rawA);
    long b = env.flushed(f, rawB);
    long c = env.flushed(f, rawC);
    long sign = f.sign(a ^ b);
    boolean zeroProduct = f.isZero(a) || f.isZero(b);
    boolean infiniteProduct = f.isInfinite(a) || f.isInfinite(b);
    boolean opposed = f.isInfinite(c) && f.sign(c) != sign;
    if (infiniteProduct && (zeroProduct || opposed)) {
      return env.invalid(f);
    }
    env.used(f, a);
    env.used(f, b);
    env.used(f, c);
    if (infiniteProduct) {
      return sign | f.infinity();
    }
    if (f.isInfinite(c)) {
      return c;
    }
    if (f.isZero(c)) {
      if (zeroProduct) {
        return f.sign(c) == sign ? c : env.cancelled(f);
      }
      return mulNumbers(env, f, a, b);
    }
    return zeroProduct ? Addition.same(env, f, c) : fmaNumbers(env, f, a, b, c);
  }

  private static long fmaNumbers(FloatEnv env, Format f, long a, long b, long c) {
    long x = f.significand(a);
    long y = f.significand(b);
    int exponent = f.exponent(a) + f.exponent(b);
    // Leading one at bit 124 or 125 of 128: bring it to bit 126, so that the high half is a
    // significand.
    long high = Math.multiplyHigh(x, y);
    long low = x * y;
    int shift = Long.numberOfLeadingZeros(high) - 1;
    exponent += 2 - shift;
    high = high << shift | low >>> -shift;
    low <<= shift;
    if (f.fractionBits() < 30) {
      // Up to 60 significant bits: the product fits the high half.
      return Addition.addExact(
          env, f, f.sign(a ^ b), exponent, high, f.sign(c), f.exponent(c), f.significand(c));
    }
    return addWide(env, f, f.sign(a ^ b), exponent, high, low, c);
  }

  /** The rounded sum of a 128-bit product, leading one at bit 126, and c. */
  private static long addWide(
      FloatEnv env, Format f, long sign, int exponent, long high, long low, long c) {
    long addend = f.significand(c);
    int distance = exponent - f.exponent(c);
    if (distance >= 0) {
      // The addend moves right: below bit 0 of the 128 only if distance > 74, where all of it is
      // below the product's significant bits and jamming is safe.
      long addendHigh = distance < 64 ? addend >>> distance : 0;
      long addendLow =
          distance == 0
              ? 0
              : distance < 64 ? addend << -distance : Rounder.shiftRightJam(addend, distance - 64);
      return sum(env, f, exponent, sign, high, low, f.sign(c), addendHigh, addendLow);
    }
    int right = -distance;
    long productHigh = right < 64 ? high >>> right : 0;
    long productLow;
    if (right < 64) {
      long lost = low & ((1L << right) - 1);
      productLow = high << distance | low >>> right | (lost != 0 ? 1 : 0);
    } else {
      productLow = Rounder.shiftRightJam(high, right - 64) | (low != 0 ? 1 : 0);
    }
    return sum(env, f, f.exponent(c), sign, productHigh, productLow, f.sign(c), addend, 0);
  }

  private static long sum(
      FloatEnv env,
      Format f,
      int exponent,
      long signA,
      long highA,
      long lowA,
      long signB,
      long highB,
      long lowB) {
    if (signA == signB) {
      long low = lowA + lowB;
      long carry = Long.compareUnsigned(low, lowA) < 0 ? 1 : 0;
      long high = highA + highB + carry;
      long jammed = low != 0 ? high | 1 : high;
      return jammed < 0
          ? Rounder.round(env, f, signA, exponent + 1, jammed >>> 1 | (jammed & 1))
          : Rounder.round(env, f, signA, exponent, jammed);
    }
    long low = lowA - lowB;
    long borrow = Long.compareUnsigned(lowA, lowB) < 0 ? 1 : 0;
    long high = highA - highB - borrow;
    if ((high | low) == 0) {
      return env.cancelled(f);
    }
    if (high < 0) {
      low = -low;
      high = low == 0 ? -high : ~high;
      return normalizeAndRound(env, f, signB, exponent, high, low);
    }
    return normalizeAndRound(env, f, signA, exponent, high, low);
  }

  private static long normalizeAndRound(
      FloatEnv env, Format f, long sign, int exponent, long high, long low) {
    if (high == 0) {
      // So many bits cancel only if the operands were at most one place apart: nothing was jammed
      // and bit 0 is clear, as both operands end in zeros.
      return Rounder.normalizeAndRound(env, f, sign, exponent - 63, low >>> 1);
    }
    int shift = Long.numberOfLeadingZeros(high) - 1;
    long wide = shift == 0 ? high : high << shift | low >>> -shift;
    return Rounder.round(env, f, sign, exponent - shift, low << shift != 0 ? wide | 1 : wide);
  }
}
