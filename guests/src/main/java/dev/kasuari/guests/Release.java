package dev.kasuari.guests;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A Release file: the names of a release of Debian and the checksums of its indices. Source:
 * Debian's repository format, "Release" files.
 */
record Release(Stanza stanza) {
  /** A file of an archive as its Release lists it; size in bytes. */
  record Entry(String sha256, long size) {}

  /**
   * Reads the file's text, without its signature.
   *
   * @param from where the text came from, for the message
   * @throws GuestException if there is nothing in it
   */
  static Release of(String text, Object from) throws IOException {
    for (Stanza stanza : StanzaReader.all(text)) {
      return new Release(stanza);
    }
    throw new GuestException(from + ": empty");
  }

  /**
   * The other of the two names a release goes by, such as {@code stable} for {@code trixie} and the
   * other way round; null if it has one only or is not called {@code name} at all.
   */
  @Nullable String otherName(String name) {
    String codename = stanza.get("Codename", "");
    String suite = stanza.get("Suite", "");
    String other = name.equals(codename) ? suite : name.equals(suite) ? codename : "";
    return other.isEmpty() || other.equals(name) ? null : other;
  }

  /** Whether indices can be fetched by their checksum, so that an update cannot come between. */
  boolean hasFilesByHash() {
    return stanza.get("Acquire-By-Hash", "").equals("yes");
  }

  /** What is said of a file of this path below the release's directory, or null. */
  @Nullable Entry entry(String path) throws GuestException {
    for (String line : stanza.get("SHA256", "").split("\n", -1)) {
      String[] words = line.strip().split("\\s+", -1);
      if (words.length == 3 && words[2].equals(path)) {
        return new Entry(words[0], Numbers.parse(words[1], path));
      }
    }
    return null;
  }
}
