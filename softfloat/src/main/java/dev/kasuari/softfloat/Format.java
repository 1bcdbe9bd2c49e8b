package dev.kasuari.softfloat;

/**
 * A binary interchange format of up to 64 bits with an implicit leading bit: sign, exponent field,
 * fraction. Values are bit patterns in the low bits of a {@code long}; the bits above the format's
 * width are zero.
 *
 * <p>A record because the virtual machine treats record components as constants, so that code
 * inlined for a fixed format folds to that format's masks and shifts. The x87 extended format
 * (explicit leading bit) and binary128 need two longs per value; they will be siblings of this
 * package's operations that share {@link FloatEnv}, not instances of this record.
 *
 * @param width bits in all, 8 to 64
 * @param fractionBits bits of the fraction field, 2 to 52: the precision is one more
 */
public record Format(int width, int fractionBits) {
  /** IEEE binary16. */
  public static final Format BINARY16 = new Format(16, 10);

  /** bfloat16: binary32's exponent with an eight-bit precision. */
  public static final Format BFLOAT16 = new Format(16, 7);

  /** IEEE binary32. */
  public static final Format BINARY32 = new Format(32, 23);

  /** IEEE binary64. */
  public static final Format BINARY64 = new Format(64, 52);

  /** The sign bit's mask. */
  public long signBit() {
    return 1L << (width - 1);
  }

  /** Positive infinity; larger magnitudes are NaNs. */
  public long infinity() {
    return signBit() - (1L << fractionBits);
  }

  /** The fraction bit that is set in quiet NaNs. */
  public long quietBit() {
    return 1L << (fractionBits - 1);
  }

  /** The smallest positive normal number; smaller magnitudes are subnormal or zero. */
  public long minNormal() {
    return 1L << fractionBits;
  }

  /** What is subtracted from an exponent field to get the exponent of the leading bit. */
  int bias() {
    return (1 << (width - 2 - fractionBits)) - 1;
  }

  /** The exponent field of infinities and NaNs. */
  int maxField() {
    return (1 << (width - 1 - fractionBits)) - 1;
  }

  /** The pattern without its sign. */
  public long magnitude(long bits) {
    return bits & (signBit() - 1);
  }

  /** The sign bit in its place, zero if clear. */
  public long sign(long bits) {
    return bits & signBit();
  }

  /** Whether the sign bit is set, also of zeros and NaNs. */
  public boolean isNegative(long bits) {
    return sign(bits) != 0;
  }

  /** Whether it is a NaN of either kind. */
  public boolean isNan(long bits) {
    return magnitude(bits) > infinity();
  }

  /** Whether it is a NaN with a clear quiet bit. */
  public boolean isSignalingNan(long bits) {
    return isNan(bits) && (bits & quietBit()) == 0;
  }

  /** Whether it is an infinity. */
  public boolean isInfinite(long bits) {
    return magnitude(bits) == infinity();
  }

  /** Whether it is a number: zero, subnormal or normal. */
  public boolean isFinite(long bits) {
    return magnitude(bits) < infinity();
  }

  /** Whether it is a zero of either sign. */
  public boolean isZero(long bits) {
    return magnitude(bits) == 0;
  }

  /** Whether it is a number other than zero below the smallest normal one. */
  public boolean isSubnormal(long bits) {
    long magnitude = magnitude(bits);
    return magnitude != 0 && magnitude < minNormal();
  }

  /** Whether it is a normal number: not zero, subnormal, infinity or NaN. */
  public boolean isNormal(long bits) {
    // Unsigned: what is below minNormal wraps to the top.
    return Long.compareUnsigned(magnitude(bits) - minNormal(), infinity() - minNormal()) < 0;
  }

  /**
   * One bit that says what kind of value it is, in the order of RISC-V's {@code fclass} (ISA
   * manual, "F" extension, classify instruction): 0 −∞, 1 negative normal, 2 negative subnormal, 3
   * −0, 4 +0, 5 positive subnormal, 6 positive normal, 7 +∞, 8 signalling NaN, 9 quiet NaN.
   */
  public int classify(long bits) {
    if (isNan(bits)) {
      return (bits & quietBit()) == 0 ? 1 << 8 : 1 << 9;
    }
    int kind = isInfinite(bits) ? 3 : isZero(bits) ? 0 : isSubnormal(bits) ? 1 : 2;
    return isNegative(bits) ? 1 << (3 - kind) : 1 << (4 + kind);
  }

  /** The exponent of the leading one bit of a finite number other than zero. */
  int exponent(long bits) {
    long magnitude = magnitude(bits);
    int field = (int) (magnitude >>> fractionBits);
    return field != 0
        ? field - bias()
        : 64 - Long.numberOfLeadingZeros(magnitude) - bias() - fractionBits;
  }

  /** The significand of a finite number other than zero, its leading one moved to bit 62. */
  long significand(long bits) {
    long magnitude = magnitude(bits);
    return magnitude >= minNormal()
        ? ((magnitude & (minNormal() - 1)) | minNormal()) << (62 - fractionBits)
        : magnitude << (Long.numberOfLeadingZeros(magnitude) - 1);
  }
}
