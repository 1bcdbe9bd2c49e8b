package dev.kasuari.qapi;

import java.util.Iterator;
import java.util.Map;

/** Writes JSON on one line, with all that is not printable ASCII escaped where it must be. */
final class JsonWriter {
  private JsonWriter() {}

  static String write(Json value) {
    var out = new StringBuilder();
    append(out, value);
    return out.toString();
  }

  static String quote(String text) {
    var out = new StringBuilder(text.length() + 2);
    quote(out, text);
    return out.toString();
  }

  private static void append(StringBuilder out, Json value) {
    switch (value) {
      case Json.Array array -> appendItems(out, array);
      case Json.Members object -> appendMembers(out, object);
      case Json.Text text -> quote(out, text.value());
      default -> out.append(value);
    }
  }

  private static void appendItems(StringBuilder out, Json.Array array) {
    out.append('[');
    for (Iterator<Json> i = array.items().iterator(); i.hasNext(); ) {
      append(out, i.next());
      out.append(i.hasNext() ? ", " : "");
    }
    out.append(']');
  }

  private static void appendMembers(StringBuilder out, Json.Members object) {
    out.append('{');
    for (Iterator<Map.Entry<String, Json>> i = object.members().entrySet().iterator();
        i.hasNext(); ) {
      Map.Entry<String, Json> member = i.next();
      quote(out, member.getKey());
      out.append(": ");
      append(out, member.getValue());
      out.append(i.hasNext() ? ", " : "");
    }
    out.append('}');
  }

  private static void quote(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < 0x20 || c == 0x7f || Character.isSurrogate(c)) {
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
