package dev.kasuari.decode;

import dev.kasuari.decode.Isa.Alias;
import dev.kasuari.decode.Isa.Printer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Writes the disassembler. */
final class DisassemblerSource {
  private DisassemblerSource() {}

  static String of(Isa isa) {
    var code =
        Generated.open(
            isa,
            "java.util.ArrayList\njava.util.HashMap\njava.util.List\njava.util.Map",
            "Shows instructions as text.",
            "public final class %sDisassembler".formatted(isa.name()));
    code.line("private static final String ALIASES =");
    code.line("    \"\"\"");
    for (Alias a : isa.aliases()) {
      code.line("    %s", row(a).replace("\\", "\\\\").replace("\t", "\\t"));
    }
    code.line("    \"\"\";");
    code.block(body().formatted(isa.name(), isa.type(), length(isa), unknown(isa)));
    printers(isa, code);
    address(isa, code);
    return code.line("}").toString();
  }

  private static String unknown(Isa isa) {
    return isa.unknown().isEmpty()
        ? "\".\" + bytes + \"byte 0x\" + Long.toHexString(insn & mask)"
        : Code.quote(isa.unknown()) + ".formatted(insn & mask)";
  }

  private static String length(Isa isa) {
    return isa.lengths().isEmpty()
        ? Integer.toString(isa.unit() / 8)
        : "Math.max(%d, %sDecoder.length(insn))".formatted(isa.unit() / 8, isa.name());
  }

  private static String row(Alias a) {
    var conditions =
        a.conditions().stream()
            .map(c -> "%d:%s:%d:%d".formatted(c.operand(), c.relation(), c.other(), c.constant()))
            .collect(Collectors.joining(","));
    return String.join(
        "\t",
        Integer.toString(a.pattern().index()),
        conditions,
        PatternsSource.clauses(a.features()),
        a.template(),
        ".");
  }

  private static void printers(Isa isa, Code code) {
    code.line("");
    code.line(
        "private static String print(int printer, long[] v, long value, long pc, long features) {");
    code.line("return switch (printer) {");
    var printers = new ArrayList<>(isa.printers().values());
    for (int i = 0; i < printers.size(); i++) {
      Printer p = printers.get(i);
      code.line("case %d -> %s;", i, text(isa, p, i));
    }
    code.line("default -> throw new IllegalArgumentException(\"no printer \" + printer);");
    code.line("};").line("}");
    for (int i = 0; i < printers.size(); i++) {
      if (!printers.get(i).names().isEmpty()) {
        names(printers.get(i), "print" + i, code);
      }
    }
  }

  private static String text(Isa isa, Printer p, int number) {
    if (p.calls()) {
      return p.call()
          + IntStream.range(0, arity(isa, p, number))
              .mapToObj(i -> "v[" + i + "]")
              .collect(Collectors.joining(", ", "(", ")"));
    }
    return p.names().isEmpty() ? number(p, "value") : "print" + number + "(value)";
  }

  /** How many operands all templates give to a printer. */
  private static int arity(Isa isa, Printer p, int number) {
    var use = java.util.regex.Pattern.compile("\\{" + number + ":([^}]*)}");
    int arity = 0;
    for (var template : templates(isa)) {
      var m = use.matcher(template.text());
      while (m.find()) {
        int operands = m.group(1).split(",", -1).length;
        if (arity != 0 && arity != operands) {
          throw template
              .source()
              .error("printer %s has %d operands here, %d elsewhere", p.name(), operands, arity);
        }
        arity = operands;
      }
    }
    return Math.max(1, arity);
  }

  private record Text(String text, Source source) {}

  private static List<Text> templates(Isa isa) {
    return Stream.concat(
            isa.patterns().stream().map(p -> new Text(p.template(), p.source())),
            isa.aliases().stream().map(a -> new Text(a.template(), a.source())))
        .toList();
  }

  private static void names(Printer p, String method, Code code) {
    code.line("");
    code.line("/** %s. */", p.name());
    code.line("private static String %s(long value) {", method);
    code.line("return switch ((int) value) {");
    p.names().forEach((value, text) -> code.line("case %d -> %s;", value, Code.quote(text)));
    code.line(
        "default -> %s;", p.otherwise().isEmpty() ? number(p, "value") : Code.quote(p.otherwise()));
    code.line("};").line("}");
  }

  private static String number(Printer p, String value) {
    String shown = p.shift() == 0 ? value : value + " >>> " + p.shift();
    String mask = p.mask() == -1 ? "" : " & " + Code.literal(p.mask(), "long");
    if (p.style() == Printer.Style.REL) {
      String own = mask.isEmpty() ? "pc" : "(pc" + mask + ")";
      return "\"0x\" + Long.toHexString((%s + (%s)) & address(features))".formatted(own, shown);
    }
    shown += mask;
    return (p.style() == Printer.Style.DEC ? "Long.toString(%s)" : "\"0x\" + Long.toHexString(%s)")
        .formatted(shown);
  }

  private static void address(Isa isa, Code code) {
    code.line("");
    code.line("private static long address(long features) {");
    for (var rule : isa.addresses()) {
      List<String> conditions =
          rule.when().clauses().stream().map(c -> Generated.condition(isa, c, "0")).toList();
      String bits = Code.literal(Bits.ones(rule.bits()), "long");
      if (conditions.isEmpty()) {
        code.line("return %s;", bits).line("}");
        return;
      }
      code.line("if (%s) {", String.join(" && ", conditions)).line("return %s;", bits).line("}");
    }
    code.line("return -1L;").line("}");
  }

  private static String body() {
    return """

    private static final Map<Integer, List<Alias>> ALIAS_ROWS = aliases();

    private record Condition(int operand, String relation, int other, long constant) {
      boolean holds(long[] values) {
        long l = values[operand];
        long r = other < 0 ? constant : values[other];
        return switch (relation) {
          case "==" -> l == r;
          case "!=" -> l != r;
          case "<" -> l < r;
          case "<=" -> l <= r;
          case ">" -> l > r;
          default -> l >= r;
        };
      }
    }

    private record Alias(
        int pattern, List<Condition> conditions, List<long[]> clauses, String template) {
      boolean fits(long[] values, long features) {
        return %1$sPatterns.holds(clauses, features)
            && conditions.stream().allMatch(c -> c.holds(values));
      }
    }

    private static Map<Integer, List<Alias>> aliases() {
      var rows = new HashMap<Integer, List<Alias>>();
      ALIASES
          .lines()
          .map(%1$sDisassembler::alias)
          .forEach(a -> rows.computeIfAbsent(a.pattern, p -> new ArrayList<>()).add(a));
      return rows;
    }

    private static Alias alias(String row) {
      String[] s = row.split("\\t", -1);
      var conditions = new ArrayList<Condition>();
      for (String c : s[1].isEmpty() ? new String[0] : s[1].split(",", -1)) {
        String[] t = c.split(":", -1);
        conditions.add(
            new Condition(
                Integer.parseInt(t[0]), t[1], Integer.parseInt(t[2]), Long.parseLong(t[3])));
      }
      return new Alias(
          Integer.parseInt(s[0]), conditions, %1$sPatterns.clauses(s[2]), s[3]);
    }

    private %1$sDisassembler() {}

    /**
     * An instruction as text: mnemonic, padded to at least eight columns, and operands.
     *
     * @param pc the instruction's address, to which relative targets are added
     * @param insn the instruction, its first unit in the low bits
     * @param features bits of {@link %1$sFeatures}
     * @param aliases whether to show what people write instead of what is encoded: pseudo-instructions,
     *     and the plain form of other encodings
     * @return the text; for what is no instruction, a data directive
     */
    public static String disassemble(long pc, %2$s insn, long features, boolean aliases) {
      int pattern = %1$sDecoder.match(insn, features);
      if (pattern < 0) {
        return data(insn, %3$s);
      }
      var row = %1$sPatterns.row(pattern);
      long[] values = new long[row.operands().size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = %1$sFields.get(row.operands().get(i).field(), insn);
      }
      return aliases
          ? plain(pattern, row, values, pc, features)
          : format(row.template(), values, pc, features);
    }

    private static String data(long insn, int bytes) {
      long mask = bytes == 8 ? -1L : (1L << 8 * bytes) - 1;
      return columns(%4$s);
    }

    private static String plain(
        int number, %1$sPatterns.Row encoded, long[] encodedValues, long pc, long features) {
      int pattern = number;
      var row = encoded;
      long[] values = encodedValues;
      if (row.shownAsTarget()) {
        values = new long[row.arguments().size()];
        for (int i = 0; i < values.length; i++) {
          String a = row.arguments().get(i);
          values[i] =
              a.startsWith("=")
                  ? Long.parseLong(a.substring(1))
                  : encodedValues[Integer.parseInt(a)];
        }
        pattern = row.target();
        row = %1$sPatterns.row(pattern);
      }
      for (Alias a : ALIAS_ROWS.getOrDefault(pattern, List.of())) {
        if (a.fits(values, features)) {
          return format(a.template, values, pc, features);
        }
      }
      return format(row.template(), values, pc, features);
    }

    /** An item is PRINTER:OPERAND<SHIFT,... in numbers. */
    private static String item(String item, long[] values, long pc, long features) {
      int colon = item.indexOf(':');
      String[] operands = item.substring(colon + 1).split(",", -1);
      long[] shown = new long[operands.length];
      long sum = 0;
      for (int i = 0; i < shown.length; i++) {
        int shift = operands[i].indexOf('<');
        shown[i] = values[Integer.parseInt(operands[i].substring(0, shift))];
        sum += shown[i] << Integer.parseInt(operands[i].substring(shift + 1));
      }
      return print(Integer.parseInt(item.substring(0, colon)), shown, sum, pc, features);
    }

    private static String format(String template, long[] values, long pc, long features) {
      var s = new StringBuilder();
      int i = 0;
      while (i < template.length()) {
        char c = template.charAt(i++);
        if (c == '{') {
          int close = template.indexOf('}', i);
          s.append(item(template.substring(i, close), values, pc, features));
          i = close + 1;
        } else {
          s.append(c);
        }
      }
      return columns(s.toString());
    }

    private static String columns(String text) {
      int space = text.indexOf(' ');
      if (space < 0) {
        return text;
      }
      return text.substring(0, space)
          + " ".repeat(Math.max(1, 8 - space))
          + text.substring(space).strip();
    }
    """;
  }
}
