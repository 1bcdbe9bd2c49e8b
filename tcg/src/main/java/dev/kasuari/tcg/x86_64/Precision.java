package dev.kasuari.tcg.x86_64;

/** Format of a scalar floating-point instruction. */
enum Precision {
  SINGLE(0xf3),
  DOUBLE(0xf2);

  /** Mandatory prefix of scalar instructions. */
  final int prefix;

  Precision(int prefix) {
    this.prefix = prefix;
  }
}
