package dev.kasuari.block.vvfat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * Names of eight and three letters for the files of one folder, each once (Microsoft FAT
 * specification, "Naming conventions").
 */
final class ShortNames {
  static final int LENGTH = 11;
  private static final int BASE = 8;
  private static final String OTHERS = "$%'-_@~`!(){}^#&";

  private final Set<String> taken = new HashSet<>();

  /** A name, and whether it says all that the long one does. */
  record Name(String text, boolean whole) {
    /** Eight letters and three, filled with spaces. */
    byte[] bytes() {
      return text.getBytes(StandardCharsets.US_ASCII);
    }
  }

  /** A name that no other file of the folder has. */
  Name of(String name) {
    int dot = name.lastIndexOf('.');
    boolean hasTail = dot > 0;
    String base = letters(hasTail ? name.substring(0, dot) : name);
    String tail = letters(hasTail ? name.substring(dot + 1) : "");
    String plain = base + (tail.isEmpty() ? "" : "." + tail);
    boolean whole =
        plain.equals(name) && !base.isEmpty() && base.length() <= BASE && tail.length() <= 3;
    String three = tail.substring(0, Math.min(3, tail.length()));
    if (base.isEmpty()) {
      base = "_";
    }
    boolean fits = base.length() <= BASE && tail.length() <= 3 && sameLetters(plain, name);
    String first = padded(base.substring(0, Math.min(BASE, base.length())), three);
    if (fits && taken.add(first)) {
      return new Name(first, whole);
    }
    for (int number = 1; ; number++) {
      String end = "~" + number;
      String begin = base.substring(0, Math.min(BASE - end.length(), base.length()));
      String next = padded(begin + end, three);
      if (taken.add(next)) {
        return new Name(next, false);
      }
    }
  }

  private static boolean sameLetters(String plain, String name) {
    return plain.equals(name.toUpperCase(Locale.ROOT));
  }

  private static String padded(String base, String tail) {
    byte[] name = new byte[LENGTH];
    Arrays.fill(name, (byte) ' ');
    byte[] first = base.getBytes(StandardCharsets.US_ASCII);
    byte[] second = tail.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(first, 0, name, 0, first.length);
    System.arraycopy(second, 0, name, BASE, second.length);
    return new String(name, StandardCharsets.US_ASCII);
  }

  /** Capital letters; dots and spaces are left out, and what FAT does not know is a line. */
  private static String letters(String text) {
    var out = new StringBuilder();
    for (char c : text.toUpperCase(Locale.ROOT).toCharArray()) {
      boolean known = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || OTHERS.indexOf(c) >= 0;
      if (known) {
        out.append(c);
      } else if (c != '.' && c != ' ') {
        out.append('_');
      }
    }
    return out.toString();
  }
}
