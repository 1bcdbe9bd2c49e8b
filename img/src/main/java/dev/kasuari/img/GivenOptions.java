package dev.kasuari.img;

import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@code -o} says, given once or several times.
 *
 * @param members by name, in the order in which they were given; may be changed
 * @param help whether help is asked for instead
 */
record GivenOptions(Map<String, Json> members, boolean help) {
  static GivenOptions of(List<String> texts) {
    var members = new LinkedHashMap<String, Json>();
    boolean help = false;
    for (String text : texts) {
      refuseNonsense(text);
      OptionSource source = OptionSource.of("", text, "");
      help |= source.helpWanted();
      members.putAll(source.tree().members());
    }
    return new GivenOptions(members, help);
  }

  /** Lists are neither empty nor begin or end with a comma, but for two, which stand for one. */
  private static void refuseNonsense(String text) {
    int commas = text.length() - text.replaceAll(",+$", "").length();
    if (text.isEmpty() || text.startsWith(",") || commas % 2 != 0) {
      throw new ToolException("Invalid option list: " + text);
    }
  }

  /** Options within options by dotted names. */
  static Map<String, Json> flat(Map<String, Json> options) {
    var out = new LinkedHashMap<String, Json>();
    options.forEach((key, value) -> {
      if (value instanceof Json.Members inner) {
        flat(inner.members()).forEach((name, one) -> out.put(key + "." + name, one));
      } else {
        out.put(key, value);
      }
    });
    return out;
  }
}
