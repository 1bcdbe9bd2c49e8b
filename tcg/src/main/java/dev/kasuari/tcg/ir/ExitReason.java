package dev.kasuari.tcg.ir;

/** Why a unit returns to the vCPU loop with the program counter already set. */
public enum ExitReason {
  /** The mode or a mapping may have changed: look up the next unit anew. */
  LOOKUP,
  /** Wait for interrupt. */
  HALT,
  /** A single step or a breakpoint. */
  DEBUG;

  private static final ExitReason[] VALUES = values();

  /** The reason with that ordinal. */
  public static ExitReason of(int ordinal) {
    return VALUES[ordinal];
  }
}
