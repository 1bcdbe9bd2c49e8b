package dev.kasuari.tcg.x86_64;

/** The two-operand instructions that share one encoding; the ordinal is their number in it. */
enum Alu {
  ADD,
  OR,
  ADC,
  SBB,
  AND,
  SUB,
  XOR,
  CMP
}
