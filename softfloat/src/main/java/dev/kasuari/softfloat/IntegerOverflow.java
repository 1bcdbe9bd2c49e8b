package dev.kasuari.softfloat;

/**
 * What a conversion to an integer gives when the rounded value does not fit or the operand is a
 * NaN. INVALID is raised, and INEXACT is not, whatever the rule.
 */
public enum IntegerOverflow {
  /** Saturates; a NaN gives the largest integer. RISC-V. */
  SATURATE_NAN_MAX,
  /** Saturates; a NaN gives zero. Arm. */
  SATURATE_NAN_ZERO,
  /** Saturates; a NaN gives the smallest integer (zero if unsigned). PowerPC, s390x. */
  SATURATE_NAN_MIN,
  /**
   * The integer indefinite: the smallest signed integer, or all ones if unsigned. x86 (SDM volume
   * 1, 4.8.3.7 and AVX-512's unsigned conversions).
   */
  INDEFINITE
}
