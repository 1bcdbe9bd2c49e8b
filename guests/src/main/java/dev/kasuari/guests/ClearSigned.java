package dev.kasuari.guests;

import java.util.Iterator;

/** A message signed in clear text, without checking it. Source: RFC 9580, 7. */
final class ClearSigned {
  private static final String BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----";
  private static final String END = "-----BEGIN PGP SIGNATURE-----";

  private ClearSigned() {}

  static String text(String message, String from) throws GuestException {
    Iterator<String> lines = message.lines().iterator();
    if (!lines.hasNext() || !lines.next().equals(BEGIN)) {
      throw new GuestException(from + ": not a signed Release file");
    }
    while (lines.hasNext() && !lines.next().isEmpty()) {
      // Armour headers end at the first empty line.
    }
    StringBuilder text = new StringBuilder();
    while (lines.hasNext()) {
      String line = lines.next();
      if (line.equals(END)) {
        return text.toString();
      }
      text.append(line.startsWith("- ") ? line.substring(2) : line).append('\n');
    }
    throw new GuestException(from + ": truncated: it has no signature");
  }
}
