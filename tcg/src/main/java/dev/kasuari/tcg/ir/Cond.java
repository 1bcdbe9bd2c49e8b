package dev.kasuari.tcg.ir;

/** How two integers compare. */
public enum Cond {
  EQ("eq"),
  NE("ne"),
  LT("lt"),
  GE("ge"),
  LE("le"),
  GT("gt"),
  LTU("ltu"),
  GEU("geu"),
  LEU("leu"),
  GTU("gtu"),
  /** {@code (a & b) == 0}. */
  TSTEQ("tsteq"),
  /** {@code (a & b) != 0}. */
  TSTNE("tstne");

  private static final Cond[] VALUES = values();
  private final String label;

  Cond(String label) {
    this.label = label;
  }

  /** The condition that holds exactly when this one does not. */
  public Cond inverse() {
    return VALUES[ordinal() ^ 1];
  }

  /** The condition with that ordinal. */
  public static Cond of(int ordinal) {
    return VALUES[ordinal];
  }

  /**
   * Evaluates on 64-bit operands; 32-bit ones are passed sign-extended, which keeps every order.
   */
  public boolean test(long a, long b) {
    return switch (this) {
      case EQ -> a == b;
      case NE -> a != b;
      case LT -> a < b;
      case GE -> a >= b;
      case LE -> a <= b;
      case GT -> a > b;
      case LTU -> Long.compareUnsigned(a, b) < 0;
      case GEU -> Long.compareUnsigned(a, b) >= 0;
      case LEU -> Long.compareUnsigned(a, b) <= 0;
      case GTU -> Long.compareUnsigned(a, b) > 0;
      case TSTEQ -> (a & b) == 0;
      case TSTNE -> (a & b) != 0;
    };
  }

  @Override
  public String toString() {
    return label;
  }
}
