package dev.kasuari.tcg.x86_64;

import org.jspecify.annotations.Nullable;

/**
 * A memory operand: {@code [base + index + displacement]}.
 *
 * @param index not RSP; null for none
 */
record Mem(Gpr base, @Nullable Gpr index, int displacement) {
  static Mem at(Gpr base, int displacement) {
    return new Mem(base, null, displacement);
  }
}
