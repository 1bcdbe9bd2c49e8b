package dev.kasuari.bench;

import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes JSON (RFC 8259): maps, collections, strings, numbers, booleans and null. */
final class Json {
  private final StringBuilder out = new StringBuilder();

  private Json() {}

  /** The text of a value, indented. */
  static String write(@Nullable Object value) {
    var json = new Json();
    json.value(value, "\n");
    return json.out.append('\n').toString();
  }

  private void value(@Nullable Object value, String line) {
    switch (value) {
      case null -> out.append("null");
      case Map<?, ?> map -> map(map, line);
      case Collection<?> list -> list(list, line);
      case Double d -> out.append(Double.isFinite(d) ? d.toString() : "null");
      case Number n -> out.append(n);
      case Boolean b -> out.append(b);
      default -> string(value.toString());
    }
  }

  private void map(Map<?, ?> map, String line) {
    if (map.isEmpty()) {
      out.append("{}");
      return;
    }
    out.append('{');
    Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
    while (entries.hasNext()) {
      Map.Entry<?, ?> entry = entries.next();
      out.append(line).append("  ");
      string(String.valueOf(entry.getKey()));
      out.append(": ");
      value(entry.getValue(), line + "  ");
      out.append(entries.hasNext() ? "," : line);
    }
    out.append('}');
  }

  private void list(Collection<?> list, String line) {
    boolean flat =
        list.stream().allMatch(v -> v == null || v instanceof Number || v instanceof String);
    String before = flat ? "" : line + "  ";
    out.append('[');
    Iterator<?> values = list.iterator();
    while (values.hasNext()) {
      out.append(before);
      value(values.next(), line + "  ");
      out.append(values.hasNext() ? (flat ? ", " : ",") : (flat ? "" : line));
    }
    out.append(']');
  }

  private void string(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> out.append('\\').append(c);
        case '\n' -> out.append("\\n");
        default -> {
          if (c < ' ') {
            out.append(String.format("\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
