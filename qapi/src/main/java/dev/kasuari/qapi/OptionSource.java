package dev.kasuari.qapi;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What somebody wrote, taken apart but not yet understood: {@code key=value,...} as QEMU reads it,
 * or a JSON object.
 *
 * @param where what a complaint begins with: {@code -device virtio-blk-device}
 * @param tree the values; dotted keys are nested
 * @param strict true for JSON, whose values have types; false where all are words
 * @param bare keys that stood without a value ({@code readonly}), whose value is {@code on}
 */
public record OptionSource(String where, Json.Members tree, boolean strict, Set<String> bare) {

  /**
   * Reads an option's argument.
   *
   * @param where what a complaint begins with
   * @param text {@code key=value,...}, in which {@code ,,} is a comma, or a JSON object
   * @param implied the key of a first value without one, or empty for none
   * @throws OptionException if it cannot be taken apart
   */
  public static OptionSource of(String where, String text, String implied) {
    if (text.stripLeading().startsWith("{")) {
      try {
        if (Json.parse(text) instanceof Json.Members object) {
          return new OptionSource(where, object, true, Set.of());
        }
      } catch (OptionException e) {
        throw new OptionException(where + ": " + e.getMessage(), e);
      }
    }
    return new KeyValues(where, text).parse(implied);
  }

  /** JSON that has been read already. */
  public static OptionSource of(String where, Json.Members object) {
    return new OptionSource(where, object, true, Set.of());
  }

  /** Nothing: all options take their defaults. */
  public static OptionSource empty(String where) {
    return new OptionSource(where, new Json.Members(Map.of()), false, Set.of());
  }

  /** True if somebody asked for help: a bare {@code help} or {@code ?}. */
  public boolean helpWanted() {
    return bare.contains("help") || bare.contains("?");
  }

  /** The text of a top-level key, or null. */
  public @Nullable String text(String key) {
    return tree.members().get(key) instanceof Json.Text text ? text.value() : null;
  }

  /** All but these keys, which somebody has dealt with. */
  public OptionSource without(String... keys) {
    var rest = new LinkedHashMap<>(tree.members());
    var restBare = new LinkedHashSet<>(bare);
    for (String key : keys) {
      rest.remove(key);
      restBare.remove(key);
    }
    return new OptionSource(where, new Json.Members(rest), strict, restBare);
  }

  /** The same, with complaints that begin differently. */
  public OptionSource at(String newWhere) {
    return new OptionSource(newWhere, tree, strict, bare);
  }
}
