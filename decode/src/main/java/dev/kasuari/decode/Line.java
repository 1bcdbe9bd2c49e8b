package dev.kasuari.decode;

import java.util.ArrayList;
import java.util.List;

/**
 * A line of a pattern file, cut into tokens: words, {@code "texts"} and {@code [conditions]}.
 *
 * @param tokens texts begin with a quote (and have no closing one), conditions with {@code [}
 */
record Line(Source source, List<String> tokens) {

  String first() {
    return tokens.getFirst();
  }

  List<String> rest() {
    return tokens.subList(1, tokens.size());
  }

  /** Cuts a file; comments and empty lines are gone, a trailing backslash continues a line. */
  static List<Line> read(String file, List<String> text) {
    var lines = new ArrayList<Line>();
    var tokens = new ArrayList<String>();
    int start = 1;
    for (int i = 0; i < text.size(); i++) {
      var source = new Source(file, i + 1);
      String s = text.get(i);
      boolean continued = s.endsWith("\\");
      cut(source, continued ? s.substring(0, s.length() - 1) : s, tokens);
      if (!continued || i == text.size() - 1) {
        if (!tokens.isEmpty()) {
          lines.add(new Line(new Source(file, start), List.copyOf(tokens)));
        }
        tokens.clear();
        start = i + 2;
      }
    }
    return lines;
  }

  private static void cut(Source source, String s, List<String> tokens) {
    int i = 0;
    while (i < s.length()) {
      char c = s.charAt(i);
      if (c == '#') {
        return;
      }
      if (Character.isWhitespace(c)) {
        i++;
      } else if (c == '"') {
        int end = closing(source, s, i, '"', "text");
        tokens.add(s.substring(i, end));
        i = end + 1;
      } else if (c == '[' && !s.strip().equals("[")) {
        int end = closing(source, s, i, ']', "condition");
        tokens.add(s.substring(i, end));
        i = end + 1;
      } else {
        int end = i;
        while (end < s.length() && !Character.isWhitespace(s.charAt(end))) {
          end++;
        }
        tokens.add(s.substring(i, end));
        i = end;
      }
    }
  }

  private static int closing(Source source, String s, int start, char close, String what) {
    int end = s.indexOf(close, start + 1);
    if (end < 0) {
      throw source.error("this %s has no closing %s: %s", what, close, s.substring(start));
    }
    return end;
  }

  /** A text token without its quote. */
  static String text(String token) {
    return token.substring(1);
  }

  static boolean isText(String token) {
    return token.startsWith("\"");
  }

  static boolean isCondition(String token) {
    return token.length() > 1 && token.startsWith("[");
  }

  static boolean isBits(String token) {
    return token.chars().allMatch(c -> c == '0' || c == '1' || c == '.' || c == '-' || c == '+');
  }
}
