package dev.kasuari.tcg.lockstep;

import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.Exit;

/** How a run ended; cause and value are 0 unless it was an exception. */
record Outcome(Exit exit, int cause, long value) {
  static Outcome of(Exit exit, ExecutionContext context) {
    return exit == Exit.EXCEPTION
        ? new Outcome(exit, context.cause, context.value)
        : new Outcome(exit, 0, 0);
  }

  @Override
  public String toString() {
    return exit == Exit.EXCEPTION ? "exception %d, value 0x%x".formatted(cause, value) : exit + "";
  }
}
