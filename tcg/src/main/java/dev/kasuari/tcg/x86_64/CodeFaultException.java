package dev.kasuari.tcg.x86_64;

/**
 * Translated code touched memory that is not there: a bug of ours, which ends the machine with this
 * report and leaves its neighbours alone.
 */
public final class CodeFaultException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CodeFaultException(String report) {
    super(report);
  }
}
