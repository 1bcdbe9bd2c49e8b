package dev.kasuari.decode;

import dev.kasuari.decode.Pattern.ConstantOperand;
import dev.kasuari.decode.Pattern.FieldOperand;
import dev.kasuari.decode.Pattern.Operand;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Writes the class that lists patterns: numbers, names, operands. */
final class PatternsSource {
  /** Rows in one string constant, which may have 65,535 bytes. */
  private static final int ROWS = 150;

  private PatternsSource() {}

  static String of(Isa isa) {
    var code =
        Generated.open(
            isa,
            "java.util.ArrayList\njava.util.Collections\njava.util.List",
            "What instruction patterns there are. A pattern's number is its place in the files.",
            "public final class %sPatterns".formatted(isa.name()));
    for (Pattern p : isa.patterns()) {
      code.line("/** {@code %s}, from %s. */", p.name(), p.source());
      code.line("public static final int %s = %d;", p.constant(), p.index());
      code.line("");
    }
    code.line("/** How many there are. */");
    code.line("public static final int COUNT = %d;", isa.patterns().size());
    code.line("");
    var tables = new ArrayList<String>();
    for (int i = 0; i < isa.patterns().size(); i += ROWS) {
      String table = "TABLE" + i / ROWS;
      tables.add(table);
      code.line("private static final String %s =", table);
      code.line("    \"\"\"");
      for (Pattern p : isa.patterns().subList(i, Math.min(isa.patterns().size(), i + ROWS))) {
        code.line("    %s", row(isa, p).replace("\\", "\\\\").replace("\t", "\\t"));
      }
      code.line("    \"\"\";").line("");
    }
    code.line(
        "private static final List<Row> ROWS = rows(List.of(%s));", String.join(", ", tables));
    return code.block(body().formatted(isa.name())).line("}").toString();
  }

  private static String row(Isa isa, Pattern p) {
    return String.join(
        "\t",
        p.name(),
        p.section(),
        Integer.toString(p.bits()),
        Long.toHexString(p.value()),
        Long.toHexString(p.ignored()),
        clauses(p.predicate()),
        p.template(),
        p.fields().stream().map(f -> operand(isa, f)).collect(Collectors.joining(",")),
        p.target().map(t -> Integer.toString(t.pattern().index())).orElse("-1"),
        p.target().filter(Pattern.Target::shown).map(t -> arguments(p, t)).orElse("-"),
        ".");
  }

  /** Of each clause on features alone: which must be there, which must not, in hexadecimal. */
  static String clauses(Predicate predicate) {
    var list = new ArrayList<String>();
    for (var clause : predicate.clauses()) {
      if (clause.onlyFeatures()) {
        long present = 0;
        long absent = 0;
        for (var literal : clause.literals()) {
          if (literal instanceof Predicate.HasFeature f) {
            present |= f.present() ? 1L << f.bit() : 0;
            absent |= f.present() ? 0 : 1L << f.bit();
          }
        }
        list.add(Long.toHexString(present) + ":" + Long.toHexString(absent));
      }
    }
    return String.join(",", list);
  }

  private static String operand(Isa isa, FieldOperand o) {
    Field f = o.field();
    return "%s:%d:%d:%d:%d:%d"
        .formatted(
            o.name(),
            List.copyOf(isa.fields().keySet()).indexOf(f.name()),
            List.copyOf(isa.printers().keySet()).indexOf(o.printer()),
            f.min(),
            f.max(),
            f.step());
  }

  /** For each operand of the target that has bits: a field's number, or = and a constant. */
  private static String arguments(Pattern p, Pattern.Target target) {
    var isaFields = new ArrayList<String>();
    for (int i = 0; i < target.arguments().size(); i++) {
      if (target.pattern().operands().get(i) instanceof FieldOperand) {
        isaFields.add(argument(p, target.arguments().get(i)));
      }
    }
    return String.join(",", isaFields);
  }

  private static String argument(Pattern p, Operand o) {
    return switch (o) {
      case ConstantOperand c -> "=" + c.value();
      case FieldOperand f -> {
        for (int i = 0; i < p.fields().size(); i++) {
          if (p.fields().get(i).field().equals(f.field())) {
            yield Integer.toString(i);
          }
        }
        throw p.source()
            .error(
                "%s is given %s, which is no operand of %s", o.name(), f.field().name(), p.name());
      }
    };
  }

  private static String body() {
    return """

    private %1$sPatterns() {}

    /**
     * An operand that has bits.
     *
     * @param field its field's number, an inner matter of the generated classes
     * @param printer its printer's number, likewise
     * @param min the least value
     * @param max the greatest value
     * @param step the distance between values
     */
    public record Operand(String name, int field, int printer, long min, long max, long step) {}

    /** A line of the table. */
    record Row(
        String name,
        String section,
        int bits,
        long value,
        long ignored,
        List<long[]> clauses,
        String template,
        List<Operand> operands,
        int target,
        boolean shownAsTarget,
        List<String> arguments) {}

    private static List<Row> rows(List<String> tables) {
      var rows = new ArrayList<Row>();
      for (String table : tables) {
        table.lines().forEach(line -> rows.add(row(line.split("\\t", -1))));
      }
      return Collections.unmodifiableList(rows);
    }

    private static Row row(String[] s) {
      return new Row(
          s[0],
          s[1],
          Integer.parseInt(s[2]),
          Long.parseUnsignedLong(s[3], 16),
          Long.parseUnsignedLong(s[4], 16),
          clauses(s[5]),
          s[6],
          list(s[7]).stream().map(%1$sPatterns::operand).toList(),
          Integer.parseInt(s[8]),
          !s[9].equals("-"),
          list(s[9]));
    }

    static List<long[]> clauses(String s) {
      var clauses = new ArrayList<long[]>();
      for (String c : list(s)) {
        int colon = c.indexOf(':');
        clauses.add(
            new long[] {
              Long.parseUnsignedLong(c.substring(0, colon), 16),
              Long.parseUnsignedLong(c.substring(colon + 1), 16)
            });
      }
      return clauses;
    }

    static boolean holds(List<long[]> clauses, long features) {
      for (long[] clause : clauses) {
        if ((features & clause[0]) == 0 && (~features & clause[1]) == 0) {
          return false;
        }
      }
      return true;
    }

    private static List<String> list(String s) {
      return s.isEmpty() ? List.of() : List.of(s.split(",", -1));
    }

    private static Operand operand(String text) {
      String[] s = text.split(":", -1);
      return new Operand(
          s[0],
          Integer.parseInt(s[1]),
          Integer.parseInt(s[2]),
          Long.parseLong(s[3]),
          Long.parseLong(s[4]),
          Long.parseLong(s[5]));
    }

    static Row row(int pattern) {
      return ROWS.get(pattern);
    }

    /** The name of a pattern, at least 0 and below COUNT. */
    public static String name(int pattern) {
      return ROWS.get(pattern).name;
    }

    /** All names, in order of number. */
    public static List<String> names() {
      return ROWS.stream().map(Row::name).toList();
    }

    /** The number of the pattern with a name, or -1. */
    public static int number(String name) {
      for (int i = 0; i < ROWS.size(); i++) {
        if (ROWS.get(i).name.equals(name)) {
          return i;
        }
      }
      return -1;
    }

    /** The heading that a pattern stands under, usually its extension. */
    public static String section(int pattern) {
      return ROWS.get(pattern).section;
    }

    /** The length of a pattern in bytes. */
    public static int bytes(int pattern) {
      return ROWS.get(pattern).bits / 8;
    }

    /** The operands of a pattern that have bits. */
    public static List<Operand> operands(int pattern) {
      return ROWS.get(pattern).operands;
    }

    /** The pattern that this one is another encoding of, or the pattern itself. */
    public static int meaning(int pattern) {
      int target = ROWS.get(pattern).target;
      return target < 0 ? pattern : target;
    }

    /** Whether a pattern exists with these bits of {@link %1$sFeatures}. */
    public static boolean available(int pattern, long features) {
      return holds(ROWS.get(pattern).clauses, features);
    }
    """;
  }
}
