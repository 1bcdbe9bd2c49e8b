package dev.kasuari.guests;

/**
 * Debian version numbers in order: [epoch:]upstream[-revision], digits by value, letters before
 * other characters, {@code ~} before everything. Source: Debian Policy, 5.6.12.
 */
final class DebianVersion {
  private DebianVersion() {}

  static int compare(String a, String b) {
    int byEpoch = compareParts(epoch(a), epoch(b));
    if (byEpoch != 0) {
      return byEpoch;
    }
    int byUpstream = compareParts(upstream(a), upstream(b));
    return byUpstream != 0 ? byUpstream : compareParts(revision(a), revision(b));
  }

  private static String epoch(String v) {
    int colon = v.indexOf(':');
    return colon < 0 ? "0" : v.substring(0, colon);
  }

  private static String upstream(String v) {
    String rest = v.substring(v.indexOf(':') + 1);
    int dash = rest.lastIndexOf('-');
    return dash < 0 ? rest : rest.substring(0, dash);
  }

  private static String revision(String v) {
    int dash = v.lastIndexOf('-');
    return dash < 0 ? "" : v.substring(dash + 1);
  }

  private static int compareParts(String a, String b) {
    int i = 0;
    int j = 0;
    while (i < a.length() || j < b.length()) {
      while ((i < a.length() && !digit(a.charAt(i))) || (j < b.length() && !digit(b.charAt(j)))) {
        int difference = Integer.compare(order(a, i), order(b, j));
        if (difference != 0) {
          return difference;
        }
        i++;
        j++;
      }
      int endA = endOfDigits(a, i);
      int endB = endOfDigits(b, j);
      int difference = compareNumbers(a.substring(i, endA), b.substring(j, endB));
      if (difference != 0) {
        return difference;
      }
      i = endA;
      j = endB;
    }
    return 0;
  }

  private static int compareNumbers(String a, String b) {
    String x = a.replaceFirst("^0+", "");
    String y = b.replaceFirst("^0+", "");
    return x.length() != y.length() ? Integer.compare(x.length(), y.length()) : x.compareTo(y);
  }

  private static int endOfDigits(String s, int from) {
    int end = Math.min(from, s.length());
    while (end < s.length() && digit(s.charAt(end))) {
      end++;
    }
    return end;
  }

  private static boolean digit(char c) {
    return c >= '0' && c <= '9';
  }

  private static int order(String s, int i) {
    if (i >= s.length() || digit(s.charAt(i))) {
      return 0;
    }
    char c = s.charAt(i);
    if (c == '~') {
      return -1;
    }
    return Character.isLetter(c) ? c : c + 256;
  }
}
