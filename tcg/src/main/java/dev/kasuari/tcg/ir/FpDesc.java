package dev.kasuari.tcg.ir;

/**
 * What a floating-point operation is, packed into an immediate: formats, rounding, signs, and the
 * variant where IEEE 754 leaves a choice. NaN rules and tininess belong to the architecture and are
 * set once per CPU; that NaNs are replaced and subnormal numbers flushed may be asked for by each
 * operation, where the architecture has a mode for it (Arm's FPCR) that units are translated for.
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
  private static final int DEFAULT_NAN = 1 << 20;
  private static final int FLUSH_INPUTS = 1 << 21;
  private static final int FLUSH_OUTPUTS = 1 << 22;
  private static final int FOUR_MODES = 1 << 23;
  private static final int SCALE_SHIFT = 24;

  /** Use the CPU's rounding mode instead of a fixed one. */
  public static final int DYNAMIC = 7;

  /** Binary interchange formats. */
  public enum Format {
    F16,
    BF16,
    F32,
    F64,
    F80,
    F128,
    /** Arm's alternative half precision: numbers in the place of infinities and NaNs. */
    F16_ALTERNATIVE;

    private static final Format[] VALUES = values();
  }

  /** Relation of a comparison; unordered is false. */
  public enum Relation {
    EQ,
    LT,
    LE,
    /**
     * What the relation is, as {@link Flags} packs it: N and C for less, Z for equal, V for
     * unordered, and none for greater.
     */
    FLAGS;

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

  /** The CPU's rounding mode is always to nearest even, toward zero, down or up. */
  public FpDesc fourModes() {
    return new FpDesc(bits | FOUR_MODES);
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

  /** Every NaN result is the default NaN, whatever the CPU does otherwise. */
  public FpDesc defaultNans() {
    return new FpDesc(bits | DEFAULT_NAN);
  }

  /**
   * Subnormal operands are zeros. Those of binary16 are so without {@code FloatEnv.INPUT_FLUSHED},
   * as Arm has it.
   */
  public FpDesc flushInputs() {
    return new FpDesc(bits | FLUSH_INPUTS);
  }

  /** Tiny results become zeros and raise underflow alone, as with Arm's FZ. */
  public FpDesc flushOutputs() {
    return new FpDesc(bits | FLUSH_OUTPUTS);
  }

  /**
   * The integer side of a conversion is a fixed-point number.
   *
   * @param fraction its bits of fraction, 0 to 64
   */
  public FpDesc scale(int fraction) {
    return new FpDesc(bits | (long) fraction << SCALE_SHIFT);
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

  public static boolean defaultNans(long bits) {
    return (bits & DEFAULT_NAN) != 0;
  }

  public static boolean flushesInputs(long bits) {
    return (bits & FLUSH_INPUTS) != 0;
  }

  public static boolean flushesOutputs(long bits) {
    return (bits & FLUSH_OUTPUTS) != 0;
  }

  public static boolean hasFourModes(long bits) {
    return (bits & FOUR_MODES) != 0;
  }

  public static int scale(long bits) {
    return (int) (bits >> SCALE_SHIFT) & 127;
  }

  /** As {@code -d op} prints it: {@code f64 rm7}. */
  public static String describe(long bits) {
    String formats =
        from(bits) == format(bits) ? format(bits).name() : from(bits) + ">" + format(bits);
    String modes = (defaultNans(bits) ? " dn" : "") + (flushesInputs(bits) ? " fi" : "");
    modes += flushesOutputs(bits) ? " fo" : "";
    return formats.toLowerCase(java.util.Locale.ROOT) + " rm" + rounding(bits) + modes;
  }

  @Override
  public String toString() {
    return describe(bits);
  }
}
