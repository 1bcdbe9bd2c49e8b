package dev.kasuari.target.arm.cpu;

/**
 * The mode word: what else the translation of an instruction depends on. Its upper half is {@link
 * PointerFormat}'s.
 */
public final class ArmMode {
  private static final int DATA_SHIFT = 2;
  private static final int UNPRIVILEGED_SHIFT = 5;
  private static final int FP_TRAP = 1 << 8;
  private static final int CHECK_SP = 1 << 9;
  private static final int CHECK_ALIGNMENT = 1 << 10;
  private static final int ILLEGAL = 1 << 11;
  private static final int BIG_ENDIAN = 1 << 12;
  private static final int STRICT_TARGETS = 1 << 13;
  private static final int STEPS = 1 << 14;
  private static final int BREAKS = 1 << 15;
  private static final int MASKS_DEBUG = 1 << 16;
  private static final int ORDERED_ANYWHERE = 1 << 17;
  private static final int FPCR_SHIFT = 24;

  private ArmMode() {}

  /**
   * Packs a mode word.
   *
   * @param data the regime of loads and stores
   * @param unprivileged the regime of LDTR and STTR
   */
  static long pack(
      int level,
      Regime data,
      Regime unprivileged,
      boolean fpTrap,
      boolean checkSp,
      boolean checkAlignment,
      boolean illegal,
      boolean bigEndian) {
    return level
        | data.ordinal() << DATA_SHIFT
        | unprivileged.ordinal() << UNPRIVILEGED_SHIFT
        | (fpTrap ? FP_TRAP : 0)
        | (checkSp ? CHECK_SP : 0)
        | (checkAlignment ? CHECK_ALIGNMENT : 0)
        | (illegal ? ILLEGAL : 0)
        | (bigEndian ? BIG_ENDIAN : 0);
  }

  /** What a mode word says of the targets of branches. */
  static long targets(boolean strict) {
    return strict ? STRICT_TARGETS : 0;
  }

  /** What a mode word says of accesses that acquire or release. */
  static long ordered(boolean anywhere) {
    return anywhere ? ORDERED_ANYWHERE : 0;
  }

  /** SCTLR_ELx.nAA: accesses that acquire or release need not be aligned. */
  public static boolean ordersAnywhere(long mode) {
    return (mode & ORDERED_ANYWHERE) != 0;
  }

  /** What a mode word says of debug exceptions. */
  static long debug(boolean steps, boolean breaks, boolean usesMask) {
    return (steps ? STEPS : 0) | (breaks ? BREAKS : 0) | (usesMask ? MASKS_DEBUG : 0);
  }

  /** Whether instructions are done one by one, as software steps. */
  public static boolean steps(long mode) {
    return (mode & STEPS) != 0;
  }

  /** Whether there may be breakpoints. */
  public static boolean breaks(long mode) {
    return (mode & BREAKS) != 0;
  }

  /** Whether PSTATE.D decides about steps or breakpoints. */
  public static boolean masksDebug(long mode) {
    return (mode & MASKS_DEBUG) != 0;
  }

  /** SCTLR_ELx.BT: PACIASP is no target of jumps. */
  static boolean strictTargets(long mode) {
    return (mode & STRICT_TARGETS) != 0;
  }

  /** The current exception level. */
  public static int level(long mode) {
    return (int) mode & 3;
  }

  /** The MMU index of loads and stores. */
  public static int dataMmuIndex(long mode) {
    return (int) mode >> DATA_SHIFT & 7;
  }

  /** The MMU index of LDTR and STTR. */
  public static int unprivilegedMmuIndex(long mode) {
    return (int) mode >> UNPRIVILEGED_SHIFT & 7;
  }

  /** Whether floating-point and SIMD instructions trap. */
  public static boolean fpTraps(long mode) {
    return (mode & FP_TRAP) != 0;
  }

  /** Whether the stack pointer must be aligned to 16 bytes where it is a base. */
  public static boolean checksSp(long mode) {
    return (mode & CHECK_SP) != 0;
  }

  /** Whether every access must be aligned. */
  public static boolean checksAlignment(long mode) {
    return (mode & CHECK_ALIGNMENT) != 0;
  }

  /** PSTATE.IL: every instruction raises an exception. */
  public static boolean illegal(long mode) {
    return (mode & ILLEGAL) != 0;
  }

  /** Whether data accesses are big-endian. */
  public static boolean bigEndian(long mode) {
    return (mode & BIG_ENDIAN) != 0;
  }

  /** What a mode word takes of FPCR: AHP, DN, FZ and FZ16. */
  static long floating(long fpcr) {
    return ((fpcr & Fpcr.FZ16) >> Fpcr.FZ16_SHIFT | (fpcr >> Fpcr.FZ_SHIFT & 7) << 1) << FPCR_SHIFT;
  }

  /** FPCR.FZ16: halves are flushed to zero. */
  public static boolean flushesHalves(long mode) {
    return (mode >> FPCR_SHIFT & 1) != 0;
  }

  /** FPCR.FZ: numbers of other formats are flushed to zero. */
  public static boolean flushes(long mode) {
    return (mode >> FPCR_SHIFT & 2) != 0;
  }

  /** FPCR.DN: NaN results are the default NaN. */
  public static boolean defaultNans(long mode) {
    return (mode >> FPCR_SHIFT & 4) != 0;
  }

  /** FPCR.AHP: half precision of conversions is the alternative one. */
  public static boolean alternativeHalf(long mode) {
    return (mode >> FPCR_SHIFT & 8) != 0;
  }
}
