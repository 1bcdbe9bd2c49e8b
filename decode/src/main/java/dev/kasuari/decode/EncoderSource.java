package dev.kasuari.decode;

import dev.kasuari.decode.Pattern.FieldOperand;

/** Writes the encoder: one method per pattern that returns its bits. */
final class EncoderSource {
  private EncoderSource() {}

  static String of(Isa isa) {
    var code =
        Generated.open(
            isa,
            "",
            """
            Makes instructions from their operands.
             *
             * <p>Every method throws {@link IllegalArgumentException}, which names instruction, operand and
             * range, if an operand cannot be encoded.\
            """,
            "public final class %sEncoder".formatted(isa.name()));
    code.line("private %sEncoder() {}", isa.name());
    for (Pattern p : isa.patterns()) {
      method(isa, code, p);
    }
    return code.block(
            """

            private static void range(
                String insn, String operand, long value, long min, long max, long step) {
              if (value < min || value > max) {
                throw new IllegalArgumentException(
                    insn + ": " + operand + " " + value + " is out of range " + min + ".." + max);
              }
              if ((value - min) % step != 0) {
                throw new IllegalArgumentException(
                    insn + ": " + operand + " " + value + " is no multiple of " + step);
              }
            }

            private static void require(boolean holds, String insn, String condition) {
              if (!holds) {
                throw new IllegalArgumentException(insn + ": its operands must satisfy " + condition);
              }
            }
            """)
        .line("}")
        .toString();
  }

  private static void method(Isa isa, Code code, Pattern p) {
    code.line("");
    code.line("/** {@code %s}: %s, %d bytes. */", p.name(), p.picture(), p.bits() / 8);
    code.line("public static %s %s(%s) {", isa.type(), p.method(), Generated.parameters(p, false));
    var bits = new StringBuilder(Code.literal(p.value() | p.ignoredOnes(), isa.type()));
    for (FieldOperand o : p.fields()) {
      Field f = o.field();
      code.line(
          "range(%s, %s, %s, %dL, %dL, %d);",
          Code.quote(p.name()), Code.quote(o.name()), o.name(), f.min(), f.max(), f.step());
      bits.append(
          " | %sFields.put%s(%s)"
              .formatted(isa.name(), FieldsSource.capital(Names.method(f.name())), o.name()));
    }
    var checks = p.predicate().clauses().stream().filter(Predicate.Clause::onlyFields).toList();
    if (checks.isEmpty()) {
      code.line("return %s;", bits);
    } else {
      code.line("%s insn = %s;", isa.type(), bits);
      for (var c : checks) {
        code.line(
            "require(%s, %s, %s);",
            Generated.condition(isa, c, "insn"), Code.quote(p.name()), Code.quote(c.toString()));
      }
      code.line("return insn;");
    }
    code.line("}");
  }
}
