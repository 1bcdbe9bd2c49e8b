package dev.kasuari.img.io;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The words of a command, as {@code getopt} takes them apart: letters may be joined and may stand
 * anywhere before {@code --}.
 */
final class Words {
  private final Map<Character, String> options = new HashMap<>();
  private final List<String> rest = new ArrayList<>();
  private boolean wrong;

  /**
   * Takes words apart.
   *
   * @param letters known ones, those with a value followed by a colon; none: all are plain words
   * @param err hears what is not known
   */
  Words(List<String> words, String letters, PrintStream err) {
    String name = words.getFirst();
    for (int i = 1; i < words.size(); i++) {
      String word = words.get(i);
      if (word.equals("--")) {
        rest.addAll(words.subList(i + 1, words.size()));
        return;
      }
      if (letters.isEmpty() || word.length() < 2 || word.charAt(0) != '-') {
        rest.add(word);
        continue;
      }
      for (int at = 1; at < word.length(); at++) {
        char letter = word.charAt(at);
        int known = letter == ':' ? -1 : letters.indexOf(letter);
        if (known < 0) {
          err.println(name + ": invalid option -- '" + letter + "'");
          wrong = true;
          return;
        }
        boolean valued = known + 1 < letters.length() && letters.charAt(known + 1) == ':';
        if (!valued) {
          options.put(letter, "");
        } else if (at + 1 < word.length()) {
          options.put(letter, word.substring(at + 1));
          break;
        } else if (i + 1 < words.size()) {
          options.put(letter, words.get(++i));
          break;
        } else {
          err.println(name + ": option requires an argument -- '" + letter + "'");
          wrong = true;
          return;
        }
      }
    }
  }

  /** True if an option is not known. */
  boolean wrong() {
    return wrong;
  }

  boolean has(char letter) {
    return options.containsKey(letter);
  }

  @Nullable String value(char letter) {
    return options.get(letter);
  }

  List<String> rest() {
    return rest;
  }
}
