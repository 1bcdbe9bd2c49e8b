package dev.kasuari.tcg.x86_64;

/** Scalar floating-point instructions that share one form. */
enum Sse {
  SQRT(0x0f51),
  ADD(0x0f58),
  MUL(0x0f59),
  SUB(0x0f5c),
  MIN(0x0f5d),
  DIV(0x0f5e),
  MAX(0x0f5f);

  final int opcode;

  Sse(int opcode) {
    this.opcode = opcode;
  }
}
