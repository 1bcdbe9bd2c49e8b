package dev.kasuari.target.arm.cpu;

/**
 * What stopped a translation. Source: DDI 0487, D8.15 "MMU faults", and the fault status codes of
 * ESR_ELx, ISS encoding for an exception from a Data Abort. Filled in and used again, so that a
 * walk allocates nothing.
 */
final class WalkFault {
  private static final int NONE = -1;

  /** There is no level in the status code. */
  static final int NO_LEVEL = 0;

  /** FEAT_HAFDBS: a descriptor was to be updated where memory cannot. */
  static final int UNSUPPORTED_UPDATE = 0b110001;

  private static final int ADDRESS_SIZE_MINUS_1 = 0b101001;
  private static final int TRANSLATION_MINUS_1 = 0b101011;
  private static final int EXTERNAL_ON_WALK_MINUS_1 = 0b010011;

  private int status = NONE;
  private boolean secondStage;
  private boolean onWalk;
  private long ipa;

  void clear() {
    status = NONE;
    secondStage = false;
    onWalk = false;
    ipa = 0;
  }

  /**
   * A fault at a level of the walk.
   *
   * @param kind of {@link Syndrome}, without level
   * @param level −1 to 3
   * @return false, for the walk to return
   */
  boolean set(int kind, int level) {
    status = level >= 0 ? kind + level : atMinus1(kind);
    return false;
  }

  /** Makes the fault one of stage 2. */
  boolean setSecondStage(long ipa, boolean onWalk) {
    this.secondStage = true;
    this.onWalk = onWalk;
    this.ipa = ipa;
    return false;
  }

  private static int atMinus1(int kind) {
    return switch (kind) {
      case Syndrome.ADDRESS_SIZE -> ADDRESS_SIZE_MINUS_1;
      case Syndrome.EXTERNAL_ON_WALK -> EXTERNAL_ON_WALK_MINUS_1;
      default -> TRANSLATION_MINUS_1;
    };
  }

  /** The six bits of the status code. */
  int status() {
    return status;
  }

  /** Whether stage 2 found it. */
  boolean secondStage() {
    return secondStage;
  }

  /** Whether stage 2 found it for a descriptor of stage 1. */
  boolean onWalk() {
    return onWalk;
  }

  /** The address that stage 2 could not translate. */
  long ipa() {
    return ipa;
  }

  /** Whether memory did not answer. */
  boolean external() {
    return status == EXTERNAL_ON_WALK_MINUS_1 || (status & ~3) == Syndrome.EXTERNAL_ON_WALK;
  }
}
