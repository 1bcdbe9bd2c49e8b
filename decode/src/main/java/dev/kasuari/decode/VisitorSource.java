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
      String rest = parameters.isEmpty() ? "" : ", " + parameters;
      if (later(isa, p)) {
        code.line("default void %s(C context%s) {", p.method(), rest);
        code.line("later(context);").line("}");
      } else {
        code.line("void %s(C context%s);", p.method(), rest);
      }
    }
    if (isa.features().stream().anyMatch(Isa.Feature::later)) {
      code.line("");
      code.line("/** An instruction of a feature that is not translated yet. */");
      code.line("void later(C context);");
    }
    return code.line("}").toString();
  }

  /** Whether it needs a feature that is not translated yet. */
  private static boolean later(Isa isa, Pattern p) {
    return p.predicate().clauses().stream()
        .anyMatch(clause ->
            clause.literals().stream()
                .allMatch(each ->
                    each instanceof Predicate.HasFeature feature
                        && feature.present()
                        && isa.features().get(feature.bit()).later()));
  }

  private static String conditions(Pattern p) {
    var s = new StringBuilder();
    for (var clause : p.predicate().clauses()) {
      s.append(' ').append(clause);
    }
    return s.isEmpty() ? "." : ", if" + Code.comment(s.toString()) + ".";
  }
}
