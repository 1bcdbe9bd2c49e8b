package dev.kasuari.qapi;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Gives the values of an {@link OptionSource} their types. A method that takes a key complains with
 * the option's place and name; {@link #finish} complains about keys that nobody took.
 */
public final class OptionReader {
  private final String where;
  private final String prefix;
  private final Json.Members tree;
  private final boolean strict;
  private final Set<String> bare;
  private final References references;
  private final Set<String> taken = new LinkedHashSet<>();
  private final Set<String> negated = new LinkedHashSet<>();

  /** A reader of all of {@code source}. */
  public OptionReader(OptionSource source, References references) {
    this(source.where(), "", source.tree(), source.strict(), source.bare(), references);
  }

  private OptionReader(
      String where,
      String prefix,
      Json.Members tree,
      boolean strict,
      Set<String> bare,
      References references) {
    this.where = where;
    this.prefix = prefix;
    this.tree = tree;
    this.strict = strict;
    this.bare = bare;
    this.references = references;
  }

  /** True if {@code key} is given, also as {@code nokey}. */
  public boolean has(String key) {
    taken.add(key);
    if (bare.contains("no" + key) && !tree.members().containsKey(key)) {
      negated.add("no" + key);
      return true;
    }
    Json value = tree.members().get(key);
    return value != null && !(value instanceof Json.Null);
  }

  /** A text. */
  public String text(String key) {
    Json value = value(key);
    if (value instanceof Json.Text text) {
      return text.value();
    }
    throw wrong(key, value, "a string");
  }

  /** {@code on}, {@code yes}, {@code true}, {@code y}, or their opposites. */
  public boolean bool(String key) {
    if (bare.contains("no" + key) && !tree.members().containsKey(key)) {
      taken.add(key);
      negated.add("no" + key);
      return false;
    }
    Json value = value(key);
    if (value instanceof Json.Bool bool) {
      return bool.value();
    }
    if (!strict && value instanceof Json.Text text) {
      switch (text.value()) {
        case "on", "yes", "true", "y" -> {
          return true;
        }
        case "off", "no", "false", "n" -> {
          return false;
        }
        default -> {}
      }
    }
    throw wrong(key, value, strict ? "true or false" : "on or off");
  }

  /** A whole number between {@code min} and {@code max}; words may be hexadecimal or octal. */
  public long integer(String key, long min, long max) {
    Json value = value(key);
    BigInteger number =
        switch (value) {
          case Json.Num n when isWhole(n.value()) -> n.value().toBigInteger();
          case Json.Text t when !strict -> wholeOf(t.value());
          default -> null;
        };
    if (number == null) {
      throw wrong(key, value, "a whole number");
    }
    if (number.compareTo(BigInteger.valueOf(min)) < 0
        || number.compareTo(BigInteger.valueOf(max)) > 0) {
      throw wrong(key, value, range(min, max));
    }
    return number.longValue();
  }

  /** A number. */
  public double real(String key) {
    Json value = value(key);
    if (value instanceof Json.Num number) {
      return number.value().doubleValue();
    }
    if (!strict && value instanceof Json.Text text) {
      try {
        return new BigDecimal(text.value()).doubleValue();
      } catch (NumberFormatException e) {
        throw wrong(key, value, "a number");
      }
    }
    throw wrong(key, value, "a number");
  }

  /** A number of bytes; see {@link Sizes}. In JSON a plain number of bytes. */
  public long size(String key, char unit) {
    Json value = value(key);
    if (strict || value instanceof Json.Num) { // json:{…} in a file's name is not strict
      return integer(key, 0, Long.MAX_VALUE);
    }
    if (value instanceof Json.Text text) {
      try {
        return Sizes.parse(text.value(), unit);
      } catch (OptionException e) {
        throw complaint("'" + prefix + key + "': " + e.getMessage());
      }
    }
    throw wrong(key, value, "a size");
  }

  /** One of {@code values}, whose names are {@code names} in the same order. */
  public <E> E choice(String key, List<String> names, List<E> values) {
    Json value = value(key);
    String word = value instanceof Json.Text text ? text.value() : "";
    int index = names.indexOf(word);
    if (index < 0) {
      throw complaint(
          "'" + prefix + key + "': unknown value " + shown(value) + Nearest.hint(word, names));
    }
    return values.get(index);
  }

  /** A struct. */
  public <T> T struct(String key, OptionCodec<T> codec) {
    Json value = value(key);
    if (!(value instanceof Json.Members object)) {
      throw wrong(key, value, strict ? "an object" : "options of its own: " + key + ".…=…");
    }
    return structOf(object, prefix + key + ".", codec);
  }

  /**
   * Each item of a list read by {@code item}, which is given a reader and the key to ask it for.
   */
  public <T> List<T> list(String key, ItemReader<T> item) {
    Json value = value(key);
    List<Json> items =
        switch (value) {
          case Json.Array array -> array.items();
          case Json.Text text when !strict -> List.of(text); // one word is a list of one
          default -> throw wrong(key, value, "a list");
        };
    var out = new ArrayList<T>();
    for (int i = 0; i < items.size(); i++) {
      String name = Integer.toString(i);
      var one = new Json.Members(java.util.Map.of(name, items.get(i)));
      var reader = new OptionReader(where, prefix + key + ".", one, strict, Set.of(), references);
      out.add(item.read(reader, name));
    }
    return out;
  }

  /** Reads one item of a list. */
  @FunctionalInterface
  public interface ItemReader<T> {
    /** Reads {@code key} of {@code reader}. */
    T read(OptionReader reader, String key);
  }

  /** An object by its id. */
  public <T> T reference(String key, Class<T> type) {
    String id = text(key);
    T found = references.find(type, id);
    if (found == null) {
      throw complaint(
          "'"
              + prefix
              + key
              + "': there is no "
              + Schemas.words(type.getSimpleName())
              + " '"
              + id
              + "'"
              + Nearest.hint(id, references.ids(type)));
    }
    return found;
  }

  /** Any JSON. */
  public Json json(String key) {
    return value(key);
  }

  /**
   * The branch of a union.
   *
   * @param discriminator the key that names it
   * @param branches gives a branch's codec, or null
   */
  public <T> T union(
      String discriminator,
      List<String> names,
      Function<String, @Nullable OptionCodec<? extends T>> branches) {
    String name = text(discriminator);
    OptionCodec<? extends T> codec = branches.apply(name);
    if (codec == null) {
      throw complaint(
          "'"
              + prefix
              + discriminator
              + "': unknown value '"
              + name
              + "'"
              + Nearest.hint(name, names));
    }
    return codec.read(this);
  }

  /** Complains about a value by what it breaks: {@code -drive: 'file': …}. */
  public OptionException refuse(String key, String why) {
    return complaint("'" + prefix + key + "': " + why);
  }

  /** Complains about any key that was not asked for. */
  public void finish() {
    for (String key : tree.members().keySet()) {
      if (!taken.contains(key) && !negated.contains(key)) {
        throw complaint("unknown property '" + prefix + key + "'" + Nearest.hint(key, taken));
      }
    }
  }

  private <T> T structOf(Json.Members object, String newPrefix, OptionCodec<T> codec) {
    var reader = new OptionReader(where, newPrefix, object, strict, Set.of(), references);
    T result = codec.read(reader);
    reader.finish();
    return result;
  }

  private Json value(String key) {
    taken.add(key);
    Json value = tree.members().get(key);
    if (value == null) {
      throw missing(key);
    }
    return value;
  }

  private OptionException missing(String key) {
    for (String given : tree.members().keySet()) {
      if (!taken.contains(given) && Nearest.of(given, List.of(key)) != null) {
        return complaint(
            "unknown property '" + prefix + given + "'; did you mean '" + prefix + key + "'?");
      }
    }
    return complaint("'" + prefix + key + "' is missing");
  }

  private static boolean isWhole(BigDecimal number) {
    // An exponent of millions is a valid JSON number that must not be written out.
    return number.signum() == 0
        || (number.precision() - number.scale() <= 32 && number.stripTrailingZeros().scale() <= 0);
  }

  /** As C reads numbers: 0x is hexadecimal, a leading 0 octal. */
  private static @Nullable BigInteger wholeOf(String text) {
    boolean negative = text.startsWith("-");
    String digits = negative || text.startsWith("+") ? text.substring(1) : text;
    int radix = 10;
    if (digits.startsWith("0x") || digits.startsWith("0X")) {
      digits = digits.substring(2);
      radix = 16;
    } else if (digits.length() > 1 && digits.startsWith("0")) {
      radix = 8;
    }
    if (digits.isEmpty() || digits.length() > 64 || !digits.chars().allMatch(isDigitOf(radix))) {
      return null;
    }
    var number = new BigInteger(digits, radix);
    return negative ? number.negate() : number;
  }

  private static java.util.function.IntPredicate isDigitOf(int radix) {
    return c -> c < 0x80 && Character.digit(c, radix) >= 0;
  }

  private static String range(long min, long max) {
    if (min == Long.MIN_VALUE && max == Long.MAX_VALUE) {
      return "a whole number of 64 bits";
    }
    if (max == Long.MAX_VALUE) {
      return "at least " + min;
    }
    return "from " + min + " to " + max;
  }

  private OptionException wrong(String key, Json value, String right) {
    return complaint("'" + prefix + key + "' must be " + right + ", not " + shown(value));
  }

  private static String shown(Json value) {
    String text = value instanceof Json.Text t ? "'" + t.value() + "'" : value.toString();
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }

  private OptionException complaint(String what) {
    return new OptionException(where.isEmpty() ? what : where + ": " + what);
  }
}
