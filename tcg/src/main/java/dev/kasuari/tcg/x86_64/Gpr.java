package dev.kasuari.tcg.x86_64;

/** A general-purpose register; the ordinal is its number in encodings. */
enum Gpr {
  RAX,
  RCX,
  RDX,
  RBX,
  RSP,
  RBP,
  RSI,
  RDI,
  R8,
  R9,
  R10,
  R11,
  R12,
  R13,
  R14,
  R15
}
