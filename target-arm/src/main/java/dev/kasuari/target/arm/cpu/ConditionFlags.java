package dev.kasuari.target.arm.cpu;

/**
 * Between N, Z, C and V in bits 3 to 0 and {@link ArmState#NZCV}, which is packed as translated
 * code has flags ({@code dev.kasuari.tcg.ir.Flags}), with the complement of C.
 */
public final class ConditionFlags {
  private static final int N = 1 << 15;
  private static final int Z = 1 << 14;
  private static final int BORROW = 1 << 8;
  private static final int V = 1;

  /** Set in every packed form. */
  private static final int ONE = 1 << 9;

  private ConditionFlags() {}

  /** As the state has them. */
  public static int packed(int nzcv) {
    return ONE
        | ((nzcv & 8) != 0 ? N : 0)
        | ((nzcv & 4) != 0 ? Z : 0)
        | ((nzcv & 2) != 0 ? 0 : BORROW)
        | ((nzcv & 1) != 0 ? V : 0);
  }

  /** As the architecture has them. */
  static int nzcv(int packed) {
    return ((packed & N) != 0 ? 8 : 0)
        | ((packed & Z) != 0 ? 4 : 0)
        | ((packed & BORROW) != 0 ? 0 : 2)
        | ((packed & V) != 0 ? 1 : 0);
  }
}
