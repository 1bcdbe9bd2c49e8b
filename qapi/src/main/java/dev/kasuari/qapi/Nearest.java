package dev.kasuari.qapi;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The known name that a misspelt one was most likely meant to be. */
public final class Nearest {
  private Nearest() {}

  /** The name nearest to {@code word}, or null if none is near. */
  public static @Nullable String of(String word, Collection<String> names) {
    String wanted = word.toLowerCase(Locale.ROOT);
    String best = null;
    int least = Integer.MAX_VALUE;
    for (String name : names) {
      String known = name.toLowerCase(Locale.ROOT);
      int distance = distance(wanted, known);
      // Among equals the one with the same letters: fingers swap more than they replace.
      int rank = 2 * distance - (letters(wanted).equals(letters(known)) ? 1 : 0);
      if (distance <= limit(wanted, known) && rank < least) {
        best = name;
        least = rank;
      }
    }
    return best;
  }

  private static String letters(String word) {
    char[] letters = word.toCharArray();
    Arrays.sort(letters);
    return new String(letters);
  }

  /**
   * The end of a complaint about {@code word}: {@code ; did you mean 'drive'?}, or the known names
   * where none is near and they are few.
   */
  public static String hint(String word, Collection<String> names) {
    String nearest = of(word, names);
    if (nearest != null) {
      return "; did you mean '" + nearest + "'?";
    }
    if (names.isEmpty()) {
      return "";
    }
    return names.size() <= 16
        ? "; there " + (names.size() == 1 ? "is " : "are ") + String.join(", ", names)
        : "; 'help' lists what there is";
  }

  private static int limit(String a, String b) {
    return Math.max(1, Math.min(a.length(), b.length()) / 3);
  }

  /** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
  static int distance(String a, String b) {
    int[] twoAgo = new int[b.length() + 1];
    int[] before = new int[b.length() + 1];
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      before[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int cost = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        row[j] = Math.min(Math.min(row[j - 1], before[j]) + 1, before[j - 1] + cost);
        boolean swapped =
            i > 1
                && j > 1
                && a.charAt(i - 1) == b.charAt(j - 2)
                && a.charAt(i - 2) == b.charAt(j - 1);
        if (swapped) {
          row[j] = Math.min(row[j], twoAgo[j - 2] + 1);
        }
      }
      int[] free = twoAgo;
      twoAgo = before;
      before = row;
      row = free;
    }
    return before[b.length()];
  }
}
