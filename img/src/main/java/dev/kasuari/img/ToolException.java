package dev.kasuari.img;

/** Ends a command: a line for people, and an exit code. */
public final class ToolException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final int code;

  public ToolException(String message) {
    this(message, 1);
  }

  public ToolException(String message, int code) {
    super(message);
    this.code = code;
  }

  /** The same complaint about {@code name}, with what was attempted put between. */
  ToolException as(String name, String attempt) {
    String message = String.valueOf(getMessage());
    boolean named = message.startsWith(name + ": ");
    String rest = named ? message.substring(name.length() + 2) : message;
    return new ToolException(name + ": " + attempt + ": " + rest, code);
  }

  public int code() {
    return code;
  }

  public static ToolException usage(String message) {
    return new ToolException(
        message + System.lineSeparator() + "Try 'kasuari-img --help' for more information");
  }
}
