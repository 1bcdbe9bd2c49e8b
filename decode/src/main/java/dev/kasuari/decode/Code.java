package dev.kasuari.decode;

/** Java source being written, with indentation. */
final class Code {
  private final StringBuilder text = new StringBuilder();
  private int depth;

  /**
   * A line; one that ends in <code>{</code> indents what follows, one that starts with } ends it.
   */
  @SuppressWarnings("AnnotateFormatMethod")
  Code line(String format, Object... arguments) {
    String s = arguments.length == 0 ? format : format.formatted(arguments);
    if (s.startsWith("}")) {
      depth--;
    }
    text.append("  ".repeat(s.isEmpty() ? 0 : depth)).append(s).append('\n');
    if (s.endsWith("{")) {
      depth++;
    }
    return this;
  }

  /** A text of several lines, as it is but indented. */
  Code block(String block) {
    block
        .lines()
        .forEach(s -> text.append("  ".repeat(s.isEmpty() ? 0 : depth)).append(s).append('\n'));
    return this;
  }

  static String literal(long value, String type) {
    if (type.equals("long")) {
      return Bits.hex(value) + "L";
    }
    return Bits.hex(value & 0xffff_ffffL);
  }

  static String quote(String s) {
    return "\"" + s.replace("\\", "\\\\").replace("\"", "\\\"").replace("\t", "\\t") + "\"";
  }

  /** Text as it may stand in a Javadoc comment. */
  static String comment(String s) {
    return s.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;");
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
