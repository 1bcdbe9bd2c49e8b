package dev.kasuari.tcg;

/** How a unit is to be made, besides what it translates; part of its key. */
public final class UnitFlags {
  /** One guest instruction, then {@link Exit#DEBUG}. */
  public static final int SINGLE_STEP = 1;

  /** One guest instruction, then a lookup; never cached or chained. */
  public static final int ONCE = 2;

  /** No chaining: every block returns to the loop. */
  public static final int NO_CHAIN = 4;

  /** Run as it is, without being compiled; never cached or chained. */
  public static final int COLD = 8;

  private UnitFlags() {}
}
