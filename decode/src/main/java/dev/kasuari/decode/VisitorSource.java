package dev.kasuari.decode;

/** Writes the interface with one method per instruction. */
final class VisitorSource {
  private VisitorSource() {}

  static String of(Isa isa) {
    var code =
        Generated.open(
            isa,
            "",
            "What each instruction does.\n *\n"
                + " * @param <C> what the decoder passes through for one instruction",
            "public interface %sInstructions<C>".formatted(isa.name()));
    String section = "";
    for (Pattern p : Generated.visited(isa)) {
      if (!p.section().equals(section)) {
        section = p.section();
        code.line("").line("// %s", section);
      }
      code.line("");
      code.line("/** {@code %s}: %s%s */", p.name(), p.picture(), conditions(p));
      String parameters = Generated.parameters(p, true);
      code.line("void %s(C context%s);", p.method(), parameters.isEmpty() ? "" : ", " + parameters);
    }
    return code.line("}").toString();
  }

  private static String conditions(Pattern p) {
    var s = new StringBuilder();
    for (var clause : p.predicate().clauses()) {
      s.append(' ').append(clause);
    }
    return s.isEmpty() ? "." : ", if" + Code.comment(s.toString()) + ".";
  }
}
