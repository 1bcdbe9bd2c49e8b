package dev.kasuari.tcg.x86_64;

/** Logic on 128 bits; ANDN complements its first operand. */
enum SseLogic {
  AND(0x0f54),
  ANDN(0x0f55),
  OR(0x0f56),
  XOR(0x0f57);

  final int opcode;

  SseLogic(int opcode) {
    this.opcode = opcode;
  }
}
