package dev.kasuari.softfloat;

/**
 * The floating-point environment of one vCPU: the modes its instructions run under and the
 * exception flags they have raised. Mutable, owned by one thread, never shared.
 *
 * <p>A new environment is IEEE 754's default: round to nearest even, default NaN, no flushing,
 * tininess after rounding. {@link #riscv()}, {@link #arm()} and {@link #x86Sse()} make the
 * environments of those architectures at reset.
 */
public final class FloatEnv {
  /** The result was rounded. */
  public static final int INEXACT = 1;

  /** The result was tiny and inexact, or was flushed to zero. */
  public static final int UNDERFLOW = 2;

  /** The rounded result was too large for the format. */
  public static final int OVERFLOW = 4;

  /** A finite number other than zero was divided by zero. */
  public static final int DIVBYZERO = 8;

  /** The operation has no useful result. */
  public static final int INVALID = 16;

  /** The five flags of IEEE 754; their bits are those of RISC-V's {@code fflags}. */
  public static final int IEEE_FLAGS = 31;

  /**
   * A subnormal operand was used and not flushed, in an operation that is neither INVALID nor
   * DIVBYZERO, nor rounds to an integer: x86's DE. Raised only if {@link #trackSubnormals(boolean)}
   * is on.
   */
  public static final int SUBNORMAL_USED = 32;

  /** A subnormal operand was replaced by zero: Arm's IDC. */
  public static final int INPUT_FLUSHED = 64;

  /** A tiny result was replaced by zero. */
  public static final int OUTPUT_FLUSHED = 128;

  // Read directly by the operations of this package: they are an interpreter's hot loop.
  int flags;
  Rounding rounding = Rounding.NEAREST_EVEN;
  boolean tininessBeforeRounding;
  boolean defaultNanMode = true;
  boolean defaultNanNegative;
  NanRule nanRule = NanRule.FIRST_ABC;
  ZeroTimesInfinity zeroTimesInfinity = ZeroTimesInfinity.INVALID_DEFAULT_NAN;
  IntegerOverflow integerOverflow = IntegerOverflow.SATURATE_NAN_MAX;
  FlushToZero flushOutputs = FlushToZero.OFF;
  private boolean flushInputs;
  private boolean trackSubnormals;

  /** Subnormal operands are ordinary numbers: neither flushed nor reported. */
  boolean plainSubnormals = true;

  /**
   * INEXACT if the host's arithmetic may stand in once INEXACT is in {@link #flags}, else 0: so
   * {@code (flags & nativeInexact) != 0} is the whole test of the fast paths.
   */
  int nativeInexact = INEXACT;

  /** RISC-V: default NaNs, tininess after rounding, conversions saturate and make NaNs largest. */
  public static FloatEnv riscv() {
    return new FloatEnv();
  }

  /** Arm at reset (FPCR = 0): NaNs propagate, tininess before rounding, conversions saturate. */
  public static FloatEnv arm() {
    return new FloatEnv()
        .defaultNanMode(false)
        .nanRule(NanRule.SIGNALING_FIRST_CAB)
        .tininessBeforeRounding(true)
        .integerOverflow(IntegerOverflow.SATURATE_NAN_ZERO);
  }

  /** x86 SSE at reset (MXCSR = 0x1f80): first NaN, negative default NaN, integer indefinite. */
  public static FloatEnv x86Sse() {
    return new FloatEnv()
        .defaultNanMode(false)
        .defaultNanNegative(true)
        .nanRule(NanRule.FIRST_ABC)
        .zeroTimesInfinity(ZeroTimesInfinity.QUIET_ADDEND)
        .integerOverflow(IntegerOverflow.INDEFINITE)
        .trackSubnormals(true);
  }

  /** The flags raised since they were last cleared: an OR of the constants of this class. */
  public int flags() {
    return flags;
  }

  /** Replaces all flags. */
  public void setFlags(int flags) {
    this.flags = flags;
  }

  /** Adds flags to those already raised. */
  public void raise(int flags) {
    this.flags |= flags;
  }

  /** Clears all flags. */
  public void clearFlags() {
    flags = 0;
  }

  /** The rounding mode of the operations that follow. */
  public Rounding rounding() {
    return rounding;
  }

  /** Sets the rounding mode; cheap enough to be done for each instruction. */
  public FloatEnv rounding(Rounding mode) {
    rounding = mode;
    refresh();
    return this;
  }

  /** Whether a result is tiny by its exact value (Arm) or by its rounded one (RISC-V, x86). */
  public boolean tininessBeforeRounding() {
    return tininessBeforeRounding;
  }

  /** Sets how tininess is detected. */
  public FloatEnv tininessBeforeRounding(boolean before) {
    tininessBeforeRounding = before;
    return this;
  }

  /** Whether every NaN result is the default NaN (RISC-V always, Arm's DN). */
  public boolean defaultNanMode() {
    return defaultNanMode;
  }

  /** Sets default-NaN mode. */
  public FloatEnv defaultNanMode(boolean on) {
    defaultNanMode = on;
    return this;
  }

  /** Whether the default NaN's sign bit is set (x86, MIPS and others) or clear (RISC-V, Arm). */
  public boolean defaultNanNegative() {
    return defaultNanNegative;
  }

  /** Sets the default NaN's sign. */
  public FloatEnv defaultNanNegative(boolean negative) {
    defaultNanNegative = negative;
    return this;
  }

  /** Which operand's NaN is the result when default-NaN mode is off. */
  public NanRule nanRule() {
    return nanRule;
  }

  /** Sets which operand's NaN is the result. */
  public FloatEnv nanRule(NanRule rule) {
    nanRule = rule;
    return this;
  }

  /** What zero × infinity + quiet NaN does. */
  public ZeroTimesInfinity zeroTimesInfinity() {
    return zeroTimesInfinity;
  }

  /** Sets what zero × infinity + quiet NaN does. */
  public FloatEnv zeroTimesInfinity(ZeroTimesInfinity rule) {
    zeroTimesInfinity = rule;
    return this;
  }

  /** What conversions to integers give out of range. */
  public IntegerOverflow integerOverflow() {
    return integerOverflow;
  }

  /** Sets what conversions to integers give out of range. */
  public FloatEnv integerOverflow(IntegerOverflow rule) {
    integerOverflow = rule;
    return this;
  }

  /** Whether tiny results become zero. */
  public FlushToZero flushOutputs() {
    return flushOutputs;
  }

  /** Sets whether tiny results become zero (Arm's FZ, x86's FTZ). */
  public FloatEnv flushOutputs(FlushToZero mode) {
    flushOutputs = mode;
    refresh();
    return this;
  }

  /** Whether subnormal operands are read as zeros of their sign. */
  public boolean flushInputs() {
    return flushInputs;
  }

  /** Sets whether subnormal operands are read as zeros (Arm's FZ, x86's DAZ). */
  public FloatEnv flushInputs(boolean on) {
    flushInputs = on;
    refresh();
    return this;
  }

  /** Whether subnormal operands raise {@link #SUBNORMAL_USED}. */
  public boolean trackSubnormals() {
    return trackSubnormals;
  }

  /** Sets whether subnormal operands raise {@link #SUBNORMAL_USED} (x86). Costs the fast paths. */
  public FloatEnv trackSubnormals(boolean on) {
    trackSubnormals = on;
    refresh();
    return this;
  }

  private void refresh() {
    plainSubnormals = !flushInputs && !trackSubnormals;
    nativeInexact = rounding == Rounding.NEAREST_EVEN && plainSubnormals ? INEXACT : 0;
  }

  /** An operand as the operation sees it, subnormals flushed if that is the mode. */
  long flushed(Format f, long bits) {
    if (!flushInputs || !f.isSubnormal(bits)) {
      return bits;
    }
    flags |= INPUT_FLUSHED;
    return bits & f.signBit();
  }

  /** Reports a subnormal operand, already {@link #flushed}, of an operation that does so. */
  void used(Format f, long bits) {
    if (trackSubnormals && f.isSubnormal(bits)) {
      flags |= SUBNORMAL_USED;
    }
  }

  /** {@link #flushed} and {@link #used} at once. */
  long operand(Format f, long bits) {
    if (plainSubnormals || !f.isSubnormal(bits)) {
      return bits;
    }
    long operand = flushed(f, bits);
    used(f, operand);
    return operand;
  }

  /** Raises INVALID and gives the default NaN. */
  long invalid(Format f) {
    flags |= INVALID;
    return defaultNan(f);
  }

  /** The default NaN: quiet, payload zero, sign by {@link #defaultNanNegative()}. */
  long defaultNan(Format f) {
    long nan = f.infinity() | f.quietBit();
    return defaultNanNegative ? nan | f.signBit() : nan;
  }

  /** A zero that a sum of opposite numbers gives: negative only when rounding down. */
  long cancelled(Format f) {
    return rounding == Rounding.DOWN ? f.signBit() : 0;
  }

  @Override
  public String toString() {
    return "FloatEnv[rounding=%s, flags=%s, tininess=%s, nan=%s]"
        .formatted(
            rounding,
            Integer.toBinaryString(flags),
            tininessBeforeRounding ? "before" : "after",
            defaultNanMode ? "default" : nanRule.name());
  }
}
