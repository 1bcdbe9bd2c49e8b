package dev.kasuari.processor;

/** The text of a generated class, with its indentation. */
final class Source {
  private final StringBuilder text = new StringBuilder();
  private int depth;

  /** Adds a line; one that ends with an opening brace indents what follows. */
  @SuppressWarnings("AnnotateFormatMethod") // its annotation would be a dependency
  Source line(String format, Object... args) {
    String line = args.length == 0 ? format : format.formatted(args);
    if (line.startsWith("}")) {
      depth--;
    }
    text.append(line.isEmpty() ? "" : "  ".repeat(depth)).append(line).append('\n');
    if (line.endsWith("{")) {
      depth++;
    }
    return this;
  }

  /** A Java string literal. */
  static String quote(String value) {
    var out = new StringBuilder("\"");
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < 0x20 || c > 0x7e) {
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.append('"').toString();
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
