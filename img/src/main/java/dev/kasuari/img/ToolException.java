package dev.kasuari.img;

/** Ends a command: a line for people, and an exit code. */
final class ToolException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final int code;

  ToolException(String message) {
    this(message, 1);
  }

  ToolException(String message, int code) {
    super(message);
    this.code = code;
  }

  int code() {
    return code;
  }

  static ToolException usage(String message) {
    return new ToolException(
        message + System.lineSeparator() + "Try 'kasuari-img --help' for more information");
  }
}
