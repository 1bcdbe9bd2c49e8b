package dev.kasuari.img;

import dev.kasuari.block.crypto.Secrets;
import dev.kasuari.block.object.UserObjects;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Sizes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The words behind a command, as {@code getopt_long} takes them apart: short options may be joined,
 * options and other words may be mixed, {@code --} ends options.
 */
public final class Arguments {
  /** An option and its value, which is empty if it has none. */
  public record Option(String name, String value) {}

  private final Map<String, List<String>> options = new LinkedHashMap<>();
  private final List<Option> inOrder = new ArrayList<>();
  private final List<String> words = new ArrayList<>();
  private final Set<String> flags;
  private final Set<String> valued;
  private final Map<String, String> longer;
  private @Nullable UserObjects objects;

  /**
   * Takes words apart.
   *
   * @param flags options without a value: single letters, or long names
   * @param valued options with a value
   */
  public Arguments(List<String> arguments, Set<String> flags, Set<String> valued) {
    this(arguments, flags, valued, Map.of());
  }

  /**
   * Takes words apart.
   *
   * @param longer long names for single letters
   */
  Arguments(
      List<String> arguments, Set<String> flags, Set<String> valued, Map<String, String> longer) {
    this.flags = flags;
    this.valued = valued;
    this.longer = longer;
    for (int i = 0; i < arguments.size(); i++) {
      String word = arguments.get(i);
      if (word.equals("--")) {
        words.addAll(arguments.subList(i + 1, arguments.size()));
        break;
      } else if (word.startsWith("--")) {
        i += longOption(word.substring(2), arguments, i);
      } else if (word.length() > 1 && word.startsWith("-")) {
        i += letters(word.substring(1), arguments, i);
      } else {
        words.add(word);
      }
    }
  }

  private int longOption(String word, List<String> arguments, int at) {
    int equals = word.indexOf('=');
    String name = option(equals < 0 ? word : word.substring(0, equals));
    if (flags.contains(name) && equals < 0) {
      put(name, "");
      return 0;
    }
    if (!valued.contains(name)) {
      throw ToolException.usage("unrecognized option '--" + word + "'");
    }
    if (equals >= 0) {
      put(name, word.substring(equals + 1));
      return 0;
    }
    put(name, next(arguments, at, "'--" + word + "'"));
    return 1;
  }

  /** What a long name means: it may be cut short where there is only one that begins so. */
  private String option(String word) {
    var known = new TreeSet<String>();
    Stream.of(flags, valued, longer.keySet())
        .flatMap(Set::stream)
        .filter(n -> n.length() > 1)
        .forEach(known::add);
    if (!known.contains(word)) {
      List<String> meant = known.stream().filter(n -> n.startsWith(word)).toList();
      return meant.size() == 1 ? longer.getOrDefault(meant.getFirst(), meant.getFirst()) : "";
    }
    return longer.getOrDefault(word, word);
  }

  private int letters(String letters, List<String> arguments, int at) {
    for (int i = 0; i < letters.length(); i++) {
      String letter = letters.substring(i, i + 1);
      if (flags.contains(letter)) {
        put(letter, "");
      } else if (!valued.contains(letter)) {
        throw ToolException.usage("unrecognized option '-" + letter + "'");
      } else if (i + 1 < letters.length()) {
        put(letter, letters.substring(i + 1));
        return 0;
      } else {
        put(letter, next(arguments, at, "'-" + letter + "'"));
        return 1;
      }
    }
    return 0;
  }

  private static String next(List<String> arguments, int at, String option) {
    if (at + 1 >= arguments.size()) {
      throw ToolException.usage("missing argument for option " + option);
    }
    return arguments.get(at + 1);
  }

  private void put(String name, String value) {
    options.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
    inOrder.add(new Option(name, value));
  }

  /** All options as they were given. */
  public List<Option> inOrder() {
    return inOrder;
  }

  public boolean has(String name) {
    return options.containsKey(name);
  }

  /** The last value, or null. */
  public @Nullable String value(String name) {
    List<String> values = options.get(name);
    return values == null ? null : values.getLast();
  }

  public String value(String name, String otherwise) {
    String value = value(name);
    return value == null ? otherwise : value;
  }

  public List<String> values(String name) {
    return options.getOrDefault(name, List.of());
  }

  public List<String> words() {
    return words;
  }

  /** The objects of {@code --object}; made once. */
  UserObjects objects() {
    UserObjects made = objects;
    if (made == null) {
      made = new UserObjects();
      for (String text : values("object")) {
        made.add("--object", text);
      }
      objects = made;
    }
    return made;
  }

  /** The secrets among them. */
  Secrets secrets() {
    return objects().secrets();
  }

  /** The only word. */
  public String image() {
    if (words.size() != 1) {
      throw ToolException.usage("Expecting one image file name");
    }
    return words.getFirst();
  }

  boolean quiet() {
    return has("q");
  }

  /** {@code --output=json}? */
  boolean json() {
    String output = value("output", "human");
    if (!output.equals("json") && !output.equals("human")) {
      throw new ToolException("--output must be used with human or json as argument.");
    }
    return output.equals("json");
  }

  /** Bytes of a size option, or {@code otherwise}. */
  long size(String name, long otherwise) {
    String text = value(name);
    return text == null ? otherwise : size(text);
  }

  /** The size of an image, bytes. */
  public static long size(String text) {
    return number("image size", text, 0, Long.MAX_VALUE);
  }

  /**
   * A number with a suffix, in a range.
   *
   * @param what it is, for messages
   */
  static long number(String what, String text, long min, long max) {
    long number = parsed(text);
    if (number == NO_SIZE) {
      throw new ToolException(
          """
          Invalid %s specified. You may use k, M, G, T, P or E suffixes for
          kasuari-img: kilobytes, megabytes, gigabytes, terabytes, petabytes and exabytes.\
          """
              .formatted(what));
    }
    if (number < min || number > max) {
      throw new ToolException(
          "Invalid %s specified. Must be between %d and %d.".formatted(what, min, max));
    }
    return number;
  }

  private static final long NO_SIZE = -1;
  private static final long TOO_LARGE = -2;

  private static long parsed(String text) {
    try {
      return Sizes.parse(text, 'B');
    } catch (OptionException e) {
      return text.matches("[0-9.]+[kKmMgGtTpPeE]?") && !text.startsWith(".") ? TOO_LARGE : NO_SIZE;
    }
  }

  /** The number behind an option, or {@code otherwise}. */
  long numberOf(String option, String what, long max, long otherwise) {
    String text = value(option);
    return text == null ? otherwise : number(what, text, 0, max);
  }

  /** Whether others may use the image as they like meanwhile. */
  boolean share() {
    return has("U") || has("force-share");
  }

  /** A format given to a name that says it already makes no sense. */
  void refuseFormatOfOptions() {
    if (has("image-opts") && has("f")) {
      throw new ToolException("--image-opts and --format are mutually exclusive");
    }
  }
}
