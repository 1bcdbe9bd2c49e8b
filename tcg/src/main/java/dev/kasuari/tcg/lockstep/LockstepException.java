package dev.kasuari.tcg.lockstep;

/** Two back ends did not do the same. The message is the report. */
public final class LockstepException extends RuntimeException {
  private static final long serialVersionUID = 1;

  LockstepException(String report) {
    super(report);
  }
}
