package dev.kasuari.softfloat;

/**
 * What a fused multiply-add of zero × infinity + quiet NaN does, which IEEE 754-2019 7.2 leaves
 * open. (With a number as addend it is always invalid and gives the default NaN.)
 */
public enum ZeroTimesInfinity {
  /** Raises INVALID and gives the default NaN. RISC-V, Arm. */
  INVALID_DEFAULT_NAN,
  /** Raises INVALID and gives the addend. PowerPC. */
  INVALID_ADDEND,
  /** Raises nothing and gives the addend. x86. */
  QUIET_ADDEND
}
