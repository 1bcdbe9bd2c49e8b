package dev.kasuari.boot;

/** A file cannot be booted; the message says what, where and what would be right. */
public final class BootException extends Exception {
  private static final long serialVersionUID = 1L;

  public BootException(String message) {
    super(message);
  }

  public BootException(String message, Throwable cause) {
    super(message, cause);
  }
}
