package dev.kasuari.softfloat;

/**
 * How a result that does not fit its format is rounded. The first five are in the order of RISC-V's
 * {@code frm} encoding, so {@code Rounding.of(frm)} decodes it.
 */
public enum Rounding {
  /** To the nearest, ties to the even neighbour (roundTiesToEven). */
  NEAREST_EVEN,
  /** Towards zero (roundTowardZero). */
  TOWARD_ZERO,
  /** Towards minus infinity (roundTowardNegative). */
  DOWN,
  /** Towards plus infinity (roundTowardPositive). */
  UP,
  /** To the nearest, ties away from zero (roundTiesToAway). */
  NEAREST_MAX_MAGNITUDE,
  /**
   * Towards zero, then the last bit is set if anything was lost. Not a mode of the standard; Arm's
   * {@code FCVTXN}, PowerPC's "round to odd" and two-step roundings use it.
   */
  ODD;

  private static final Rounding[] BY_CODE = values();

  /**
   * The mode with the given number: 0 to 4 are RISC-V's {@code frm} values, 5 is {@link #ODD}.
   *
   * @throws ArrayIndexOutOfBoundsException for any other number: the caller decodes reserved codes
   */
  public static Rounding of(int code) {
    return BY_CODE[code];
  }
}
