package dev.kasuari.softfloat;

import java.math.BigInteger;

/**
 * Rounding by the book, on exact rational numbers: slow, obvious, and written without a look at the
 * operations that it checks.
 */
final class Reference {
  /** A number other than zero: sign × numerator ÷ denominator, both positive. */
  record Exact(boolean negative, BigInteger numerator, BigInteger denominator) {
    static Exact of(Format f, long bits) {
      long fraction = bits & (f.minNormal() - 1);
      int field = (int) (f.magnitude(bits) >>> f.fractionBits());
      int bias = (1 << (f.width() - 2 - f.fractionBits())) - 1;
      long integer = field == 0 ? fraction : fraction + f.minNormal();
      int exponent = Math.max(field, 1) - bias - f.fractionBits();
      return scaled(f.isNegative(bits), BigInteger.valueOf(integer), exponent);
    }

    static Exact scaled(boolean negative, BigInteger integer, int exponent) {
      return exponent >= 0
          ? new Exact(negative, integer.shiftLeft(exponent), BigInteger.ONE)
          : new Exact(negative, integer, BigInteger.ONE.shiftLeft(-exponent));
    }

    static Exact of(BigInteger signed, BigInteger denominator) {
      return new Exact(signed.signum() < 0, signed.abs(), denominator);
    }

    boolean isZero() {
      return numerator.signum() == 0;
    }

    BigInteger signed() {
      return negative ? numerator.negate() : numerator;
    }

    Exact plus(Exact other) {
      return of(
          signed().multiply(other.denominator).add(other.signed().multiply(denominator)),
          denominator.multiply(other.denominator));
    }

    Exact times(Exact other) {
      return new Exact(
          negative != other.negative,
          numerator.multiply(other.numerator),
          denominator.multiply(other.denominator));
    }

    Exact dividedBy(Exact other) {
      return new Exact(
          negative != other.negative,
          numerator.multiply(other.denominator),
          denominator.multiply(other.numerator));
    }

    /** The root, or for irrational ones a number that no format tells from it. */
    Exact root() {
      BigInteger[] root = numerator.multiply(denominator).shiftLeft(400).sqrtAndRemainder();
      BigInteger sticky = root[1].signum() != 0 ? BigInteger.ONE : BigInteger.ZERO;
      return new Exact(false, root[0].shiftLeft(1).add(sticky), denominator.shiftLeft(201));
    }

    /** floor(log2 of the magnitude). */
    int exponent() {
      int e = numerator.bitLength() - denominator.bitLength();
      return fits(e) ? e : e - 1;
    }

    private boolean fits(int e) {
      return e >= 0
          ? numerator.compareTo(denominator.shiftLeft(e)) >= 0
          : numerator.shiftLeft(-e).compareTo(denominator) >= 0;
    }
  }

  /** A rounded magnitude in units of 2^quantum. */
  record Rounded(BigInteger units, boolean inexact) {}

  /** Flags raised by the last call of {@link #round}. */
  int flags;

  static Rounded toUnits(Exact x, int quantum, Rounding rounding) {
    BigInteger n = quantum < 0 ? x.numerator().shiftLeft(-quantum) : x.numerator();
    BigInteger d = quantum > 0 ? x.denominator().shiftLeft(quantum) : x.denominator();
    BigInteger[] split = n.divideAndRemainder(d);
    if (split[1].signum() == 0) {
      return new Rounded(split[0], false);
    }
    int half = split[1].shiftLeft(1).compareTo(d);
    boolean up =
        switch (rounding) {
          case NEAREST_EVEN -> half > 0 || (half == 0 && split[0].testBit(0));
          case NEAREST_MAX_MAGNITUDE -> half >= 0;
          case TOWARD_ZERO -> false;
          case DOWN -> x.negative();
          case UP -> !x.negative();
          case ODD -> !split[0].testBit(0);
        };
    return new Rounded(up ? split[0].add(BigInteger.ONE) : split[0], true);
  }

  /** The pattern that a number other than zero rounds to. */
  long round(Format f, Exact x, Rounding rounding, boolean tininessBefore) {
    int precision = f.fractionBits() + 1;
    int emax = (1 << (f.width() - 2 - f.fractionBits())) - 1;
    int emin = 1 - emax;
    int e = x.exponent();
    Rounded unbounded = toUnits(x, e - precision + 1, rounding);
    int eRounded = unbounded.units().bitLength() > precision ? e + 1 : e;
    Rounded r = toUnits(x, Math.max(e, emin) - precision + 1, rounding);
    boolean tiny = tininessBefore ? e < emin : eRounded < emin;
    long sign = x.negative() ? f.signBit() : 0;
    flags = r.inexact() ? FloatEnv.INEXACT : 0;
    if (eRounded > emax) {
      flags = FloatEnv.INEXACT | FloatEnv.OVERFLOW;
      boolean infinite =
          switch (rounding) {
            case NEAREST_EVEN, NEAREST_MAX_MAGNITUDE -> true;
            case DOWN -> x.negative();
            case UP -> !x.negative();
            case TOWARD_ZERO, ODD -> false;
          };
      return sign | (infinite ? f.infinity() : f.infinity() - 1);
    }
    if (tiny && r.inexact()) {
      flags |= FloatEnv.UNDERFLOW;
    }
    // Units count from the binade's subnormal base; each binade adds one to the exponent field.
    long binade = Math.max(0L, (long) e - emin);
    return sign | ((binade << f.fractionBits()) + r.units().longValueExact());
  }
}
