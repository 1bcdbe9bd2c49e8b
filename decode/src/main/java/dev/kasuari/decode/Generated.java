package dev.kasuari.decode;

import dev.kasuari.decode.Pattern.FieldOperand;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** All classes that are generated for an instruction set. */
final class Generated {
  private Generated() {}

  /** Simple class names and their sources. */
  static Map<String, String> sources(Isa isa) {
    var sources = new LinkedHashMap<String, String>();
    sources.put(isa.name() + "Features", FeaturesSource.of(isa));
    sources.put(isa.name() + "Fields", FieldsSource.of(isa));
    sources.put(isa.name() + "Instructions", VisitorSource.of(isa));
    sources.put(isa.name() + "Decoder", DecoderSource.of(isa));
    sources.put(isa.name() + "Encoder", EncoderSource.of(isa));
    sources.put(isa.name() + "Patterns", PatternsSource.of(isa));
    sources.put(isa.name() + "Disassembler", DisassemblerSource.of(isa));
    sources.put(isa.name() + "Generator", GeneratorSource.of(isa));
    return sources;
  }

  /** The beginning of a generated class. */
  static Code open(Isa isa, String imports, String javadoc, String declaration) {
    var code = new Code();
    code.line("// Generated from instruction patterns; a change here would be lost.");
    code.line("package %s;", isa.javaPackage());
    code.line("");
    if (!imports.isEmpty()) {
      imports.lines().forEach(i -> code.line("import %s;", i));
      code.line("");
    }
    code.line("/**").line(" * %s", javadoc).line(" */");
    code.line("%s {", declaration);
    return code;
  }

  /** {@code int rd, int rs1, int imm}. */
  static String parameters(Pattern p, boolean constants) {
    return p.operands().stream()
        .filter(o -> constants || o instanceof FieldOperand)
        .map(o -> (o instanceof FieldOperand f ? f.field().type() : "int") + " " + o.name())
        .collect(Collectors.joining(", "));
  }

  /** The patterns that have a method of their own in the visitor. */
  static List<Pattern> visited(Isa isa) {
    return isa.patterns().stream().filter(p -> p.target().isEmpty()).toList();
  }

  /** The condition of a clause as a Java expression. */
  static String condition(Isa isa, Predicate.Clause clause, String window) {
    return clause.literals().stream()
        .map(l -> literal(isa, l, window))
        .collect(Collectors.joining(" || "));
  }

  private static String literal(Isa isa, Predicate.Literal literal, String window) {
    return switch (literal) {
      case Predicate.HasFeature f ->
          "(features & %sFeatures.%s) %s 0"
              .formatted(isa.name(), Names.constant(f.name()), f.present() ? "!=" : "==");
      case Predicate.Compare c ->
          term(isa, c.left(), window) + " " + c.relation() + " " + term(isa, c.right(), window);
    };
  }

  private static String term(Isa isa, Predicate.Term term, String window) {
    return switch (term) {
      case Predicate.Constant c ->
          c.value() == (int) c.value() ? Long.toString(c.value()) : c.value() + "L";
      case Predicate.FieldValue f ->
          Character.isDigit(f.field().name().charAt(0))
              ? "(%s)".formatted(FieldsSource.get(isa, f.field(), window))
              : "%sFields.%s(%s)".formatted(isa.name(), Names.method(f.field().name()), window);
    };
  }
}
