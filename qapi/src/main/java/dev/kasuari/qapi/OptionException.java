package dev.kasuari.qapi;

/**
 * What a person wrote and cannot be meant so. The message says what was wrong, where, and what
 * would be right; it is shown as it is, without a stack trace.
 */
public final class OptionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A complaint. */
  public OptionException(String message) {
    super(message);
  }

  /** A complaint with what led to it. */
  public OptionException(String message, Throwable cause) {
    super(message, cause);
  }
}
