package dev.kasuari.tcg.x86_64;

import dev.kasuari.tcg.ir.Cond;

/** A condition on the host's flags; the ordinal is its number in encodings. */
enum Cc {
  O,
  NO,
  B,
  AE,
  E,
  NE,
  BE,
  A,
  S,
  NS,
  P,
  NP,
  L,
  GE,
  LE,
  G;

  private static final Cc[] VALUES = values();

  /** What holds where this does not. */
  Cc inverse() {
    return VALUES[ordinal() ^ 1];
  }

  /** What holds after {@code cmp a, b}, or after {@code test a, b} for the bit tests. */
  static Cc of(Cond cond) {
    return switch (cond) {
      case EQ, TSTEQ -> E;
      case NE, TSTNE -> NE;
      case LT -> L;
      case GE -> GE;
      case LE -> LE;
      case GT -> G;
      case LTU -> B;
      case GEU -> AE;
      case LEU -> BE;
      case GTU -> A;
    };
  }
}
