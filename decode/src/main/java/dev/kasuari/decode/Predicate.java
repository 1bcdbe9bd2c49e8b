package dev.kasuari.decode;

import java.util.List;
import java.util.stream.Stream;

/**
 * A condition on features and fields: every clause must hold, and a clause holds when one of its
 * literals does.
 */
record Predicate(List<Clause> clauses) {
  static final Predicate ALWAYS = new Predicate(List.of());

  Predicate {
    clauses = List.copyOf(clauses);
  }

  /** An alternative of literals, as the pattern file has it. */
  record Clause(List<Literal> literals) {
    Clause {
      literals = List.copyOf(literals);
    }

    boolean onlyFeatures() {
      return literals.stream().allMatch(HasFeature.class::isInstance);
    }

    boolean onlyFields() {
      return literals.stream().allMatch(Compare.class::isInstance);
    }

    @Override
    public String toString() {
      return String.join("|", literals.stream().map(Object::toString).toList());
    }
  }

  /** One condition. */
  sealed interface Literal {}

  /** The feature with this bit number is there, or is absent. */
  record HasFeature(String name, int bit, boolean present) implements Literal {
    @Override
    public String toString() {
      return (present ? "" : "!") + name;
    }
  }

  /**
   * A field compared with a number or with another field.
   *
   * @param name what the pattern file calls the left side
   */
  record Compare(String name, Term left, String relation, Term right) implements Literal {
    boolean test(long window) {
      long l = left.value(window);
      long r = right.value(window);
      return switch (relation) {
        case "==" -> l == r;
        case "!=" -> l != r;
        case "<" -> l < r;
        case "<=" -> l <= r;
        case ">" -> l > r;
        case ">=" -> l >= r;
        default -> throw new IllegalStateException(relation);
      };
    }

    long mask() {
      return left.mask() | right.mask();
    }

    @Override
    public String toString() {
      return name + relation + right;
    }
  }

  /** A side of a comparison. */
  sealed interface Term {
    long value(long window);

    long mask();
  }

  record Constant(long value) implements Term {
    @Override
    public long value(long window) {
      return value;
    }

    @Override
    public long mask() {
      return 0;
    }

    @Override
    public String toString() {
      return Long.toString(value);
    }
  }

  record FieldValue(Field field) implements Term {
    @Override
    public long value(long window) {
      return field.get(window);
    }

    @Override
    public long mask() {
      return field.mask();
    }

    @Override
    public String toString() {
      return field.name();
    }
  }

  Predicate and(Predicate other) {
    return new Predicate(
        Stream.concat(clauses.stream(), other.clauses.stream()).distinct().toList());
  }

  /** The window bits that decide it. */
  long mask() {
    long mask = 0;
    for (Clause c : clauses) {
      for (Literal l : c.literals) {
        mask |= l instanceof Compare compare ? compare.mask() : 0;
      }
    }
    return mask;
  }

  /** The feature bits that decide it. */
  long featureMask() {
    long mask = 0;
    for (Clause c : clauses) {
      for (Literal l : c.literals) {
        mask |= l instanceof HasFeature f ? 1L << f.bit : 0;
      }
    }
    return mask;
  }

  boolean test(long window, long features) {
    return clauses.stream().allMatch(c -> test(c, window, features));
  }

  private static boolean test(Clause c, long window, long features) {
    for (Literal literal : c.literals) {
      boolean holds =
          switch (literal) {
            case HasFeature f -> (features >>> f.bit & 1) != 0 == f.present;
            case Compare compare -> compare.test(window);
          };
      if (holds) {
        return true;
      }
    }
    return false;
  }
}
