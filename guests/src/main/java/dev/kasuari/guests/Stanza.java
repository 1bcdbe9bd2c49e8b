package dev.kasuari.guests;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One paragraph of a Debian control file. Field names are matched without regard to case;
 * continuation lines are joined by newlines. Source: deb822(5).
 */
record Stanza(SortedMap<String, String> fields) {
  Stanza(Map<String, String> fields) {
    SortedMap<String, String> sorted = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    sorted.putAll(fields);
    this(Collections.unmodifiableSortedMap(sorted));
  }

  String get(String field, String otherwise) {
    String value = fields.get(field);
    return value == null ? otherwise : value;
  }

  String require(String field) throws GuestException {
    String value = fields.get(field);
    if (value == null) {
      throw new GuestException(
          "the package index has an entry without '" + field + "': " + get("Package", "(no name)"));
    }
    return value;
  }
}
