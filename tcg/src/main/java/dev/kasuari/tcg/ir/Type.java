package dev.kasuari.tcg.ir;

/**
 * What a value is. Floating-point values are their bits, in an {@link #I32} or {@link #I64}:
 * formats belong to operations. An {@code I32} has 32 meaningful bits; what a back end keeps above
 * them is its own affair.
 */
public enum Type {
  I32("i32", 32),
  I64("i64", 64),
  /** The condition flags that an arithmetic operation left: N, Z, C, V, and x86's A and P. */
  FLAGS("flags", 0);

  private final String label;
  private final int bits;

  Type(String label, int bits) {
    this.label = label;
    this.bits = bits;
  }

  /** Width in bits; 0 for flags, which have no arithmetic. */
  public int bits() {
    return bits;
  }

  @Override
  public String toString() {
    return label;
  }
}
