package dev.kasuari.tcg.x86_64;

import dev.kasuari.tcg.ir.Type;

/** Operand size of an instruction. Writing a register in 32 bits clears its upper half. */
enum Width {
  BITS_32,
  BITS_64;

  static Width of(Type type) {
    return type == Type.I32 ? BITS_32 : BITS_64;
  }
}
