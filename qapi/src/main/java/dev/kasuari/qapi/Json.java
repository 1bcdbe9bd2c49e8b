package dev.kasuari.qapi;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A JSON value (RFC 8259). {@link #parse} is strict; {@link Object#toString} writes one line. */
public sealed interface Json {
  /** The value {@code null}. */
  record Null() implements Json {
    @Override
    public String toString() {
      return "null";
    }
  }

  /** {@code true} or {@code false}. */
  record Bool(boolean value) implements Json {
    @Override
    public String toString() {
      return value ? "true" : "false";
    }
  }

  /**
   * A number, exact.
   *
   * @param value what was written, whatever its size
   */
  record Num(BigDecimal value) implements Json {
    /** A whole number. */
    public static Num of(long value) {
      return new Num(BigDecimal.valueOf(value));
    }

    @Override
    public String toString() {
      // Whole numbers in full, as QMP clients read them; others keep their exponent.
      return value.scale() < 0 && value.scale() > -64 ? value.toPlainString() : value.toString();
    }
  }

  /** A string. */
  record Text(String value) implements Json {
    @Override
    public String toString() {
      return JsonWriter.quote(value);
    }
  }

  /** A list. */
  record Array(List<Json> items) implements Json {
    public Array {
      items = List.copyOf(items);
    }

    @Override
    public String toString() {
      return JsonWriter.write(this);
    }
  }

  /** Members in the order they were written. */
  record Members(Map<String, Json> members) implements Json {
    public Members {
      members = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(members));
    }

    @Override
    public String toString() {
      return JsonWriter.write(this);
    }
  }

  /**
   * Reads one value and nothing after it.
   *
   * @throws OptionException saying line, column and what was expected
   */
  static Json parse(String text) {
    return new JsonReader(text).parse();
  }
}
