package dev.kasuari.tcg.ir;

/**
 * What a floating-point operation is, packed into an immediate: formats, rounding, signs, and the
 * variant where IEEE 754 leaves a choice. NaN rules and tininess belong to the architecture and are
 * set once per CPU.
 *
 * @param bits the packed form
 */
public record FpDesc(long bits) {
  private static final int FROM_SHIFT = 3;
  private static final int ROUND_SHIFT = 6;
  private static final int NEGATE_PRODUCT = 1 << 10;
  private static final int NEGATE_ADDEND = 1 << 11;
  private static final int SIGNALING = 1 << 12;
  private static final int RELATION_SHIFT = 13;
  private static final int UNSIGNED = 1 << 15;
  private static final int WIDE = 1 << 16;
  private static final int INEXACT = 1 << 17;
  private static final int VARIANT_SHIFT = 18;

  /** Use the CPU's rounding mode instead of a fixed one. */
  public static final int DYNAMIC = 7;

  /** Binary interchange formats. */
  public enum Format {
    F16,
    BF16,
    F32,
    F64,
    F80,
    F128;

    private static final Format[] VALUES = values();
  }

  /** Relation of a comparison; unordered is false. */
  public enum Relation {
    EQ,
    LT,
    LE;

    private static final Relation[] VALUES = values();
  }

  /** What minimum and maximum do with NaNs and zeros. */
  public enum MinMax {
    /** IEEE 754-2019 minimumNumber: a NaN loses, −0 &lt; +0. */
    NUMBER_2019,
    /** IEEE 754-2019 minimum: a NaN wins. */
    NAN_2019,
    /** IEEE 754-2008 minNum: a quiet NaN loses, a signaling one wins. */
    NUMBER_2008,
    /** The second operand if either is a NaN or both are zero (x86). */
    SECOND;

    private static final MinMax[] VALUES = values();
  }

  /** Operands and result in one format, dynamic rounding. */
  public static FpDesc of(Format format) {
    return new FpDesc(
        format.ordinal() | (long) format.ordinal() << FROM_SHIFT | (long) DYNAMIC << ROUND_SHIFT);
  }

  /** From one format to another. */
  public static FpDesc convert(Format from, Format to) {
    return new FpDesc(
        to.ordinal() | (long) from.ordinal() << FROM_SHIFT | (long) DYNAMIC << ROUND_SHIFT);
  }

  /** Rounding mode as softfloat numbers them, or {@link #DYNAMIC}. */
  public FpDesc rounding(int mode) {
    return new FpDesc((bits & ~(15L << ROUND_SHIFT)) | ((long) mode << ROUND_SHIFT));
  }

  public FpDesc negateProduct() {
    return new FpDesc(bits | NEGATE_PRODUCT);
  }

  public FpDesc negateAddend() {
    return new FpDesc(bits | NEGATE_ADDEND);
  }

  /** A comparison that raises invalid for quiet NaNs too. */
  public FpDesc signaling() {
    return new FpDesc(bits | SIGNALING);
  }

  public FpDesc relation(Relation relation) {
    return new FpDesc(bits | (long) relation.ordinal() << RELATION_SHIFT);
  }

  public FpDesc minMax(MinMax variant) {
    return new FpDesc(bits | (long) variant.ordinal() << VARIANT_SHIFT);
  }

  /** The integer side of a conversion: 32 or 64 bits, signed or not. */
  public FpDesc integer(int width, boolean signed) {
    return new FpDesc(bits | (width == 64 ? WIDE : 0) | (signed ? 0 : UNSIGNED));
  }

  /** {@link Op#FRINT} raises inexact when it changes the value. */
  public FpDesc raiseInexact() {
    return new FpDesc(bits | INEXACT);
  }

  /** Format of the result. */
  public static Format format(long bits) {
    return Format.VALUES[(int) bits & 7];
  }

  /** Format of the operand of a conversion. */
  public static Format from(long bits) {
    return Format.VALUES[(int) (bits >> FROM_SHIFT) & 7];
  }

  public static int rounding(long bits) {
    return (int) (bits >> ROUND_SHIFT) & 15;
  }

  public static boolean negatesProduct(long bits) {
    return (bits & NEGATE_PRODUCT) != 0;
  }

  public static boolean negatesAddend(long bits) {
    return (bits & NEGATE_ADDEND) != 0;
  }

  public static boolean isSignaling(long bits) {
    return (bits & SIGNALING) != 0;
  }

  public static Relation relation(long bits) {
    return Relation.VALUES[(int) (bits >> RELATION_SHIFT) & 3];
  }

  public static MinMax minMax(long bits) {
    return MinMax.VALUES[(int) (bits >> VARIANT_SHIFT) & 3];
  }

  public static boolean integerIsSigned(long bits) {
    return (bits & UNSIGNED) == 0;
  }

  public static int integerWidth(long bits) {
    return (bits & WIDE) != 0 ? 64 : 32;
  }

  public static boolean raisesInexact(long bits) {
    return (bits & INEXACT) != 0;
  }

  /** As {@code -d op} prints it: {@code f64 rm7}. */
  public static String describe(long bits) {
    String formats =
        from(bits) == format(bits) ? format(bits).name() : from(bits) + ">" + format(bits);
    return formats.toLowerCase(java.util.Locale.ROOT) + " rm" + rounding(bits);
  }

  @Override
  public String toString() {
    return describe(bits);
  }
}
