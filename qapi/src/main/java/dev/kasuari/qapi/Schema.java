package dev.kasuari.qapi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The type of an option, argument or result: for help texts, introspection and the manual. */
public sealed interface Schema {
  /** How a help text calls it. */
  String label();

  /** {@code on} or {@code off}. */
  record Bool() implements Schema {
    @Override
    public String label() {
      return "bool";
    }
  }

  /** Text. */
  record Str() implements Schema {
    @Override
    public String label() {
      return "str";
    }
  }

  /** A whole number in a range. */
  record Int(long min, long max) implements Schema {
    @Override
    public String label() {
      return min == Long.MIN_VALUE || max == Long.MAX_VALUE || max == Integer.MAX_VALUE
          ? "int"
          : "int " + min + ".." + max;
    }
  }

  /** A number. */
  record Real() implements Schema {
    @Override
    public String label() {
      return "number";
    }
  }

  /** Bytes; a number without suffix counts {@code unit}s. */
  record Bytes(char unit) implements Schema {
    @Override
    public String label() {
      return "size";
    }
  }

  /** One of several words. */
  record Choice(String name, List<Word> words) implements Schema {
    /** A word and what it means. */
    public record Word(String name, String doc) {}

    @Override
    public String label() {
      return String.join("|", words.stream().map(Word::name).toList());
    }
  }

  /** Several of one type. */
  record Many(Schema item) implements Schema {
    @Override
    public String label() {
      return "list of " + item.label();
    }
  }

  /** The id of an object. */
  record Reference(String type) implements Schema {
    @Override
    public String label() {
      return "id of a " + type;
    }
  }

  /** Any JSON. */
  record Any() implements Schema {
    @Override
    public String label() {
      return "any";
    }
  }

  /**
   * Named values.
   *
   * @param implied the key that a first value without a key has, or empty
   */
  record Struct(String name, String doc, String implied, List<Field> fields) implements Schema {
    @Override
    public String label() {
      return name;
    }

    /** The field of that name, or null. */
    public @Nullable Field field(String key) {
      return fields.stream().filter(f -> f.name().equals(key)).findFirst().orElse(null);
    }

    /** The names of all fields. */
    public List<String> keys() {
      return fields.stream().map(Field::name).toList();
    }

    /** One line for each field: name, type, text, default. */
    public String help() {
      var out = new StringBuilder();
      for (Field field : fields) {
        String left = "  " + field.name() + "=<" + field.type().label() + ">";
        out.append(left);
        out.append(" ".repeat(Math.max(1, 32 - left.length())));
        out.append(field.doc());
        if (field.standard() != null) {
          out.append(" (default: ").append(field.standard()).append(')');
        } else if (field.required()) {
          out.append(" (required)");
        }
        out.append(System.lineSeparator());
      }
      return out.toString();
    }
  }

  /** One of several structs, told apart by a word. */
  record Union(String name, String discriminator, List<Struct> branches) implements Schema {
    @Override
    public String label() {
      return name;
    }
  }

  /**
   * A named value.
   *
   * @param required whether it must be given
   * @param standard what it is if it is not, as a user would write it, or null
   */
  record Field(String name, Schema type, String doc, boolean required, @Nullable String standard) {}
}
