package dev.kasuari.softfloat;

/**
 * Which operand's NaN, quieted, becomes the result when default-NaN mode is off. Operands are named
 * as in {@code fma(a, b, c)} = a × b + c; two-operand operations have a and b only.
 */
public enum NanRule {
  /**
   * The first NaN of a, b, c. x86 SSE and AVX (SDM volume 1, table 4-7). For FMA3, a and b are the
   * factors in the order in which the manual's expression for the form has them: first and third
   * operand of 132, second and first of 213, second and third of 231.
   */
  FIRST_ABC,
  /** The first NaN of a, c, b. PowerPC, whose {@code frB} is the addend (Book I, 4.3.2). */
  FIRST_ACB,
  /**
   * The first signalling NaN of c, a, b; failing that, the first quiet one. Arm (FPProcessNaNs,
   * FPProcessNaNs3) and MIPS with NaN2008.
   */
  SIGNALING_FIRST_CAB,
  /** The first signalling NaN of a, b, c; failing that, the first quiet one. s390x. */
  SIGNALING_FIRST_ABC,
  /**
   * x87 (SDM volume 1, table 4-7): a quiet NaN before a signalling one; two of a kind: the larger
   * significand, and of equal ones the positive. With three operands the rule is applied to a and
   * b, then to that and c.
   */
  LARGER_SIGNIFICAND
}
