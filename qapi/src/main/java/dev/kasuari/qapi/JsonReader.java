package dev.kasuari.qapi;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;

/** A strict reader of RFC 8259: no comments, no trailing commas, no duplicate names. */
final class JsonReader {
  /** Deeper nesting is refused rather than left to the stack. */
  private static final int MAX_DEPTH = 512;

  /** Longer numbers than any protocol has; their arithmetic would cost too much. */
  private static final int MAX_NUMBER = 400;

  /** Characters of whole numbers that have 64 bits whatever they are. */
  private static final int SMALL_NUMBER = 18;

  private final String text;
  private int at;

  JsonReader(String text) {
    this.text = text;
  }

  Json parse() {
    Json value = value(0);
    skipSpace();
    if (at < text.length()) {
      throw error("the end");
    }
    return value;
  }

  private Json value(int depth) {
    if (depth > MAX_DEPTH) {
      throw new OptionException("JSON nested deeper than " + MAX_DEPTH + " levels" + position());
    }
    skipSpace();
    char c = peek();
    return switch (c) {
      case '{' -> object(depth);
      case '[' -> array(depth);
      case '"' -> new Json.Text(string());
      case 't' -> word("true", new Json.Bool(true));
      case 'f' -> word("false", new Json.Bool(false));
      case 'n' -> word("null", new Json.Null());
      default -> {
        if (c != '-' && !isDigit(c)) {
          throw error("a value");
        }
        yield number();
      }
    };
  }

  private Json object(int depth) {
    Map<String, Json> members = new LinkedHashMap<>();
    at++;
    skipSpace();
    if (!accept('}')) {
      do {
        skipSpace();
        if (peek() != '"') {
          throw error("a member's name in double quotes");
        }
        String name = string();
        skipSpace();
        if (!accept(':')) {
          throw error("':'");
        }
        if (members.put(name, value(depth + 1)) != null) {
          throw new OptionException("JSON member '" + name + "' is given twice" + position());
        }
        skipSpace();
      } while (accept(','));
      if (!accept('}')) {
        throw error("',' or '}'");
      }
    }
    return new Json.Members(members);
  }

  private Json array(int depth) {
    var items = new ArrayList<Json>();
    at++;
    skipSpace();
    if (!accept(']')) {
      do {
        items.add(value(depth + 1));
        skipSpace();
      } while (accept(','));
      if (!accept(']')) {
        throw error("',' or ']'");
      }
    }
    return new Json.Array(items);
  }

  private Json word(String word, Json value) {
    if (!text.startsWith(word, at)) {
      throw error("a value");
    }
    at += word.length();
    return value;
  }

  private Json number() {
    int start = at;
    accept('-');
    if (!accept('0')) {
      digits();
    }
    boolean whole = !text.startsWith(".", at) && !text.regionMatches(true, at, "e", 0, 1);
    if (accept('.')) {
      digits();
    }
    if (accept('e') || accept('E')) {
      if (!accept('+')) {
        accept('-');
      }
      digits();
    }
    if (whole && at - start <= SMALL_NUMBER) {
      return Json.Num.of(Long.parseLong(text, start, at, 10));
    }
    if (at - start > MAX_NUMBER) {
      throw new OptionException("JSON number of " + (at - start) + " digits" + position());
    }
    try {
      return Json.Num.of(new BigDecimal(text.substring(start, at)));
    } catch (NumberFormatException e) {
      throw new OptionException(
          "JSON number " + text.substring(start, at) + " is out of range" + position());
    }
  }

  private void digits() {
    if (!isDigit(peek())) {
      throw error("a digit");
    }
    while (isDigit(peek())) {
      at++;
    }
  }

  private String string() {
    at++;
    var out = new StringBuilder();
    while (true) {
      if (at >= text.length()) {
        throw error("'\"'");
      }
      char c = text.charAt(at++);
      if (c == '"') {
        return out.toString();
      }
      if (c < 0x20) {
        at--;
        throw error("no control character in a string");
      }
      out.append(c == '\\' ? escape() : c);
    }
  }

  private char escape() {
    char c = peek();
    at++;
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        int code = 0;
        for (int i = 0; i < 4; i++) {
          int digit = hex(peek());
          if (digit < 0) {
            throw error("four hexadecimal digits");
          }
          code = code << 4 | digit;
          at++;
        }
        yield (char) code;
      }
      default -> {
        at--;
        throw error("an escape that JSON has");
      }
    };
  }

  private static int hex(char c) {
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }

  private void skipSpace() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private boolean accept(char c) {
    if (at < text.length() && text.charAt(at) == c) {
      at++;
      return true;
    }
    return false;
  }

  /** The next character, or 0 at the end, which no rule expects. */
  private char peek() {
    return at < text.length() ? text.charAt(at) : 0;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private OptionException error(String expected) {
    String seen = at < text.length() ? "'" + text.charAt(at) + "'" : "the end";
    return new OptionException("JSON: expected " + expected + ", not " + seen + position());
  }

  private String position() {
    int line = 1;
    int column = 1;
    for (int i = 0; i < Math.min(at, text.length()); i++) {
      if (text.charAt(i) == '\n') {
        line++;
        column = 1;
      } else {
        column++;
      }
    }
    return " (line " + line + ", column " + column + ")";
  }
}
