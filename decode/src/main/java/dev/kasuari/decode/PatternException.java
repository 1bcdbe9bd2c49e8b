package dev.kasuari.decode;

/** A pattern file says something wrong. The message starts with file and line. */
public final class PatternException extends RuntimeException {
  private static final long serialVersionUID = 1;

  PatternException(String message) {
    super(message);
  }
}
