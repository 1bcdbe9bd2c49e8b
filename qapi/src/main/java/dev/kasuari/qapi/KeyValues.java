package dev.kasuari.qapi;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Takes {@code key=value,...} apart. */
final class KeyValues {
  private final String where;
  private final String text;

  /** Nested maps while they grow; leaves are strings. */
  private final Map<String, Object> root = new LinkedHashMap<>();

  private final Set<String> bare = new LinkedHashSet<>();
  private int at;

  KeyValues(String where, String text) {
    this.where = where;
    this.text = text;
  }

  OptionSource parse(String implied) {
    boolean first = true;
    while (at < text.length()) {
      one(first ? implied : "");
      first = false;
    }
    return new OptionSource(where, object(root, ""), false, bare);
  }

  private void one(String implied) {
    int equals = text.indexOf('=', at);
    int comma = text.indexOf(',', at);
    boolean keyed = equals >= 0 && (comma < 0 || equals < comma);
    if (keyed) {
      String key = text.substring(at, equals);
      at = equals + 1;
      put(key, value());
      return;
    }
    String word = value();
    if (!implied.isEmpty() && !word.equals("help") && !word.equals("?")) {
      put(implied, word);
    } else if (word.isEmpty()) {
      throw complaint("nothing before the comma in '" + text + "'");
    } else {
      put(word, "on");
      bare.add(word);
    }
  }

  /** Up to a comma that is not doubled, and past it. */
  private String value() {
    var out = new StringBuilder();
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == ',') {
        if (at >= text.length() || text.charAt(at) != ',') {
          break;
        }
        at++;
      }
      out.append(c);
    }
    return out.toString();
  }

  private void put(String key, String value) {
    List<String> parts = parts(key);
    Map<String, Object> map = root;
    for (String part : parts.subList(0, parts.size() - 1)) {
      Object inner = map.computeIfAbsent(part, k -> new LinkedHashMap<String, Object>());
      map = asMap(key, inner);
    }
    if (map.putIfAbsent(parts.getLast(), value) != null) {
      throw complaint("'" + key + "' is given twice");
    }
  }

  @SuppressWarnings("unchecked") // this class alone fills the maps
  private Map<String, Object> asMap(String key, Object inner) {
    if (!(inner instanceof Map)) {
      throw complaint("'" + key + "' goes inside what has a value already");
    }
    return (Map<String, Object>) inner;
  }

  private List<String> parts(String key) {
    var parts = new ArrayList<String>();
    int from = 0;
    int dot = key.indexOf('.');
    while (dot >= 0) {
      parts.add(key.substring(from, dot));
      from = dot + 1;
      dot = key.indexOf('.', from);
    }
    parts.add(key.substring(from));
    for (String part : parts) {
      if (part.isEmpty() || !part.chars().allMatch(KeyValues::isKeyChar)) {
        throw complaint("'" + key + "' is not a key");
      }
    }
    return parts;
  }

  private static boolean isKeyChar(int c) {
    return c < 0x80 && (Character.isLetterOrDigit(c) || c == '-' || c == '_' || c == '?');
  }

  /** Maps whose keys are 0, 1, 2 … are lists. */
  private Json value(Object value, String path) {
    return value instanceof Map<?, ?>
        ? listOrObject(asMap(path, value), path)
        : new Json.Text((String) value);
  }

  private Json listOrObject(Map<String, Object> map, String path) {
    boolean numbered = map.keySet().stream().allMatch(k -> k.matches("[0-9]{1,6}"));
    if (!numbered) {
      return object(map, path);
    }
    var items = new ArrayList<Json>();
    for (int i = 0; i < map.size(); i++) {
      Object item = map.get(Integer.toString(i));
      if (item == null) {
        throw complaint("'" + path + "." + i + "' is missing from the list");
      }
      items.add(value(item, path + "." + i));
    }
    return new Json.Array(items);
  }

  private Json.Members object(Map<String, Object> map, String path) {
    var members = new LinkedHashMap<String, Json>();
    map.forEach((k, v) -> members.put(k, value(v, path.isEmpty() ? k : path + "." + k)));
    return new Json.Members(members);
  }

  private OptionException complaint(String what) {
    return new OptionException(where + ": " + what);
  }
}
