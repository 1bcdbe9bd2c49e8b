package dev.kasuari.qapi;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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

  /** A number, exact. Most are whole and small; the others' class takes long to load. */
  final class Num implements Json {
    private final long whole;
    private final @Nullable BigDecimal other;

    private Num(long whole, @Nullable BigDecimal other) {
      this.whole = whole;
      this.other = other;
    }

    /** A whole number. */
    public static Num of(long value) {
      return new Num(value, null);
    }

    /** Any number, with as many digits as were written. */
    public static Num of(BigDecimal value) {
      boolean fits = value.scale() == 0 && value.unscaledValue().bitLength() < Long.SIZE;
      return fits ? of(value.longValue()) : new Num(0, value);
    }

    /** What was written, whatever its size. */
    public BigDecimal value() {
      return other == null ? BigDecimal.valueOf(whole) : other;
    }

    /** The whole part's lower 64 bits. */
    public long longValue() {
      return other == null ? whole : other.longValue();
    }

    @Override
    public boolean equals(@Nullable Object o) {
      return o instanceof Num n && n.whole == whole && Objects.equals(n.other, other);
    }

    @Override
    public int hashCode() {
      return 31 * Long.hashCode(whole) + Objects.hashCode(other);
    }

    @Override
    public String toString() {
      if (other == null) {
        return Long.toString(whole);
      }
      // Whole numbers in full, as QMP clients read them; others keep their exponent.
      return other.scale() < 0 && other.scale() > -64 ? other.toPlainString() : other.toString();
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
