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
      if (isa.later(p)) {
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
    guards(isa, code);
    return code.line("}").toString();
  }

  private static void guards(Isa isa, Code code) {
    for (Isa.Feature feature : isa.features()) {
      var guarded = isa.features().stream().filter(f -> f.guard().equals(feature.guard())).toList();
      if (feature.guard().isEmpty() || !guarded.getFirst().equals(feature)) {
        continue;
      }
      code.line("");
      code.line("/**");
      code.line(
          " * Permits an instruction that needs one of %s, before its method is called.",
          String.join(", ", guarded.stream().map(Isa.Feature::name).toList()));
      code.line(" *");
      code.line(" * @return false if its method is not to be called");
      code.line(" */");
      code.line("boolean %s(C context);", feature.guard());
    }
  }

  private static String conditions(Pattern p) {
    var s = new StringBuilder();
    for (var clause : p.predicate().clauses()) {
      s.append(' ').append(clause);
    }
    return s.isEmpty() ? "." : ", if" + Code.comment(s.toString()) + ".";
  }
}
