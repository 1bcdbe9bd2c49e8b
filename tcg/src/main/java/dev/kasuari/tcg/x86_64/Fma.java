package dev.kasuari.tcg.x86_64;

/** The fused multiply-adds: ±(a × b) ± c. The ordinal is their place in the opcode map. */
enum Fma {
  /** a × b + c. */
  MADD,
  /** a × b − c. */
  MSUB,
  /** −(a × b) + c. */
  NMADD,
  /** −(a × b) − c. */
  NMSUB
}
