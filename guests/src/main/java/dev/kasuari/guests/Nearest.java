package dev.kasuari.guests;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** The name a typing mistake was meant to be. */
final class Nearest {
  private Nearest() {}

  /** The candidate that differs in fewest characters, or null if none is close. */
  static @Nullable String to(String typed, Collection<String> candidates) {
    int limit = Math.max(1, typed.length() / 4);
    String best = null;
    for (String candidate : candidates) {
      if (Math.abs(candidate.length() - typed.length()) <= limit) {
        int distance = distance(typed, candidate);
        if (distance <= limit) {
          best = candidate;
          limit = distance - 1;
        }
      }
    }
    return best;
  }

  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
