package dev.kasuari.tcg.x86_64;

import org.jspecify.annotations.Nullable;

/**
 * A memory operand: {@code [base + index × scale + displacement]}, or a place in the code itself.
 *
 * @param base null for none
 * @param index not RSP; null for none
 * @param scale 1, 2, 4 or 8
 * @param label where in this code, relative to RIP; the other components mean nothing then
 */
record Mem(
    @Nullable Gpr base, @Nullable Gpr index, int scale, int displacement, @Nullable Label label) {
  Mem {
    if (index == Gpr.RSP || Integer.bitCount(scale & 15) != 1 || scale > 8) {
      throw new IllegalArgumentException(
          "no operand has index %s times %d".formatted(index, scale));
    }
  }

  /** {@code [base + index + displacement]}. */
  Mem(Gpr base, @Nullable Gpr index, int displacement) {
    this(base, index, 1, displacement, null);
  }

  /** {@code [base + index × scale + displacement]}. */
  Mem(@Nullable Gpr base, @Nullable Gpr index, int scale, int displacement) {
    this(base, index, scale, displacement, null);
  }

  /** {@code [base + displacement]}. */
  static Mem at(Gpr base, int displacement) {
    return new Mem(base, null, 1, displacement, null);
  }

  /** A place in this code, bound already or later. */
  static Mem at(Label label) {
    return new Mem(null, null, 1, 0, label);
  }

  /** {@code [address]}, sign-extended. */
  static Mem absolute(int address) {
    return new Mem(null, null, 1, address, null);
  }
}
