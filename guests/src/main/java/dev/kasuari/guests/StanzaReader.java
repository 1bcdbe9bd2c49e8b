package dev.kasuari.guests;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads a control file paragraph by paragraph, so that a large index is never held whole. */
final class StanzaReader {
  private final BufferedReader in;

  StanzaReader(Reader in) {
    this.in = new BufferedReader(in, 1 << 16);
  }

  static List<Stanza> all(String text) throws IOException {
    StanzaReader reader = new StanzaReader(new StringReader(text));
    List<Stanza> stanzas = new ArrayList<>();
    for (Stanza s = reader.next(); s != null; s = reader.next()) {
      stanzas.add(s);
    }
    return stanzas;
  }

  /** The next paragraph, or null at the end. Lines that start with # are comments. */
  @Nullable Stanza next() throws IOException {
    Map<String, String> fields = new HashMap<>();
    String field = null;
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      if (line.isBlank()) {
        if (!fields.isEmpty()) {
          return new Stanza(fields);
        }
      } else if (line.startsWith(" ") || line.startsWith("\t")) {
        if (field != null) {
          fields.merge(field, line.strip(), (a, b) -> a.isEmpty() ? b : a + "\n" + b);
        }
      } else if (!line.startsWith("#")) {
        int colon = line.indexOf(':');
        field = colon < 0 ? line : line.substring(0, colon);
        fields.put(field, colon < 0 ? "" : line.substring(colon + 1).strip());
      }
    }
    return fields.isEmpty() ? null : new Stanza(fields);
  }
}
