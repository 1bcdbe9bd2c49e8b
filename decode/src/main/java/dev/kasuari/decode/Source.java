package dev.kasuari.decode;

/**
 * A place in a pattern file.
 *
 * @param file the name to show a person
 * @param line 1 for the first line
 */
record Source(String file, int line) {
  // The annotation that Error Prone asks for is in a library; this module needs none.
  @SuppressWarnings("AnnotateFormatMethod")
  PatternException error(String message, Object... arguments) {
    return new PatternException(
        this + ": " + (arguments.length == 0 ? message : message.formatted(arguments)));
  }

  @Override
  public String toString() {
    return file + ":" + line;
  }
}
