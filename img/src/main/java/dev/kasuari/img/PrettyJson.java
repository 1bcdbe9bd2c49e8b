package dev.kasuari.img;

import dev.kasuari.qapi.Json;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** JSON over several lines, four blanks for each level. */
final class PrettyJson {
  private PrettyJson() {}

  static String write(Json value) {
    var out = new StringBuilder();
    append(out, value, 0);
    return out.toString();
  }

  private static void append(StringBuilder out, Json value, int level) {
    switch (value) {
      case Json.Members object -> {
        out.append('{');
        Iterator<Map.Entry<String, Json>> i = object.members().entrySet().iterator();
        while (i.hasNext()) {
          Map.Entry<String, Json> member = i.next();
          line(out, level + 1).append(new Json.Text(member.getKey())).append(": ");
          append(out, member.getValue(), level + 1);
          out.append(i.hasNext() ? "," : "");
        }
        line(out, level).append('}');
      }
      case Json.Array array -> {
        List<Json> items = array.items();
        out.append('[');
        for (int n = 0; n < items.size(); n++) {
          line(out, level + 1);
          append(out, items.get(n), level + 1);
          out.append(n + 1 < items.size() ? "," : "");
        }
        line(out, level).append(']');
      }
      default -> out.append(value);
    }
  }

  private static StringBuilder line(StringBuilder out, int level) {
    return out.append('\n').append("    ".repeat(level));
  }
}
