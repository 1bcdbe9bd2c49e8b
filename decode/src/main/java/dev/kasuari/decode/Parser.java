package dev.kasuari.decode;

import dev.kasuari.decode.Isa.Alias;
import dev.kasuari.decode.Isa.Condition;
import dev.kasuari.decode.Isa.WidthRule;
import dev.kasuari.decode.Pattern.Step;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads pattern files; their language is described in the package's documentation. */
final class Parser {
  private final Declarations declarations = new Declarations();
  private final Map<String, PatternLine> formats = new LinkedHashMap<>();
  private final Map<String, Pattern> patterns = new LinkedHashMap<>();
  private final List<Alias> aliases = new ArrayList<>();
  private final List<WidthRule> lengths = new ArrayList<>();
  private final List<WidthRule> addresses = new ArrayList<>();
  private final List<Step> groups = new ArrayList<>();
  private final List<Source> openings = new ArrayList<>();
  private String name = "";
  private String javaPackage = "";
  private int unit;
  private boolean stream;
  private String unknown = "";
  private String section = "";
  private Predicate sectionPredicate = Predicate.ALWAYS;
  private int groupCount = 1;

  private Parser() {
    groups.add(new Step(0, false, 0));
  }

  /** Reads a file and what it includes. */
  static Isa read(Path file) throws IOException {
    var parser = new Parser();
    parser.file(file);
    return parser.finish(file.getFileName().toString());
  }

  /** Reads one text, which may include nothing. */
  static Isa parse(String file, String text) {
    var parser = new Parser();
    try {
      parser.lines(Line.read(file, text.lines().toList()), null);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return parser.finish(file);
  }

  private void file(Path file) throws IOException {
    var text = Files.readAllLines(file, StandardCharsets.UTF_8);
    lines(Line.read(file.getFileName().toString(), text), file);
  }

  private void lines(List<Line> lines, @Nullable Path file) throws IOException {
    String outerSection = section;
    Predicate outerPredicate = sectionPredicate;
    int outerGroups = openings.size();
    for (Line line : lines) {
      if (line.first().equals("include")) {
        include(line, file);
      } else {
        line(line);
      }
    }
    if (openings.size() > outerGroups) {
      throw openings.getLast().error("this group is never closed");
    }
    section = outerSection;
    sectionPredicate = outerPredicate;
  }

  private void include(Line line, @Nullable Path file) throws IOException {
    String included = Line.text(text(line, 1, "include \"FILE\""));
    if (file == null || !Files.isReadable(file.resolveSibling(included))) {
      throw line.source().error("cannot read %s beside this file", included);
    }
    file(file.resolveSibling(included));
  }

  private void line(Line line) {
    switch (line.first()) {
      case "isa" -> name = word(line, 1, "isa NAME");
      case "package" -> javaPackage = word(line, 1, "package JAVA.PACKAGE");
      case "unit" -> unit(line);
      case "length" -> lengths.add(width(line));
      case "unknown" -> unknown = Line.text(text(line, 1, "unknown \"FORMAT\""));
      case "address" -> addresses.add(width(line));
      case "feature" -> declarations.feature(line);
      case "exclusive" -> declarations.exclusive(line);
      case "later" -> declarations.later(line);
      case "guard" -> declarations.guard(line);
      case "printer" -> declarations.printer(line);
      case "field" -> declarations.field(line);
      case "section" -> section(line);
      case "format" -> format(line);
      case "alias" -> alias(line);
      case "{", "[" -> open(line);
      case "}", "]" -> close(line);
      default -> pattern(line);
    }
  }

  private void unit(Line line) {
    unit = (int) Declarations.number(line.source(), word(line, 1, "unit BITS"));
    if (unit != 8 && unit != 16 && unit != 32) {
      throw line.source().error("a unit of %d bits; want 8, 16 or 32", unit);
    }
    stream = line.tokens().size() > 2 && line.tokens().get(2).equals("stream");
    if (line.tokens().size() > (stream ? 3 : 2)) {
      throw line.source().error("want unit BITS, or unit BITS stream");
    }
  }

  private WidthRule width(Line line) {
    long bits = Declarations.number(line.source(), word(line, 1, line.first() + " BITS"));
    if (bits < 8 || bits > 64) {
      throw line.source().error("%d bits; want 8 to 64", bits);
    }
    var predicate = Predicate.ALWAYS;
    for (String token : line.tokens().subList(2, line.tokens().size())) {
      predicate =
          predicate.and(
              Line.isCondition(token)
                  ? declarations.condition(line.source(), token, Map.of())
                  : declarations.comparison(line.source(), token, Map.of()));
    }
    return new WidthRule((int) bits, predicate, line.source());
  }

  private void section(Line line) {
    section = Line.text(text(line, 1, "section \"NAME\" [FEATURES]"));
    sectionPredicate = Predicate.ALWAYS;
    for (String token : line.tokens().subList(2, line.tokens().size())) {
      if (!Line.isCondition(token)) {
        throw line.source().error("%s: want [FEATURES] after a section's name", token);
      }
      sectionPredicate =
          sectionPredicate.and(declarations.condition(line.source(), token, Map.of()));
    }
  }

  private void open(Line line) {
    alone(line);
    count();
    groups.add(new Step(groupCount++, line.first().equals("{"), 0));
    openings.add(line.source());
  }

  private void close(Line line) {
    alone(line);
    boolean ordered = line.first().equals("}");
    if (openings.isEmpty() || groups.getLast().ordered() != ordered) {
      throw line.source().error("%s closes nothing", line.first());
    }
    openings.removeLast();
    groups.removeLast();
  }

  private static void alone(Line line) {
    if (line.tokens().size() != 1) {
      throw line.source().error("%s must stand alone on its line", line.first());
    }
  }

  /** Advances the position in the innermost group. */
  private void count() {
    Step s = groups.removeLast();
    groups.add(new Step(s.group(), s.ordered(), s.position() + 1));
  }

  private void format(Line line) {
    String format = word(line, 1, "format @NAME ...");
    if (!format.startsWith("@")) {
      throw line.source().error("a format's name starts with @: @%s", format);
    }
    var items = new PatternLine(line.source(), declarations, formats, stream ? unit : 0);
    items.add(line.tokens().subList(2, line.tokens().size()));
    if (formats.put(format, items) != null) {
      throw line.source().error("format %s is declared twice", format);
    }
  }

  private void pattern(Line line) {
    String mnemonic = line.first();
    if (!mnemonic.matches("[a-z][a-z0-9]*([._-][a-z0-9]+)*")) {
      throw line.source()
          .error("%s is no instruction name: want lower case letters, digits and dots", mnemonic);
    }
    if (unit == 0) {
      throw line.source().error("no unit is declared before the first pattern: want unit BITS");
    }
    var items = new PatternLine(line.source(), declarations, formats, stream ? unit : 0);
    items.add(line.rest());
    count();
    var pattern =
        items.pattern(mnemonic, patterns, unit, List.copyOf(groups), section, sectionPredicate);
    for (Pattern p : patterns.values()) {
      if (p.name().equals(mnemonic) || p.method().equals(pattern.method())) {
        throw line.source().error("%s is already declared at %s", mnemonic, p.source());
      }
    }
    patterns.put(mnemonic, pattern);
  }

  /** {@code alias addi rd==0 rs1==0 imm==0 "nop"}. */
  private void alias(Line line) {
    Pattern pattern = patterns.get(word(line, 1, "alias PATTERN CONDITION... \"TEXT\""));
    if (pattern == null) {
      throw line.source().error("no pattern %s before this line", line.tokens().get(1));
    }
    var conditions = new ArrayList<Condition>();
    var features = Predicate.ALWAYS;
    String template = "";
    for (String token : line.tokens().subList(2, line.tokens().size())) {
      if (Line.isText(token)) {
        template = Template.compile(line.source(), declarations, pattern, Line.text(token));
      } else if (Line.isCondition(token)) {
        features = features.and(declarations.condition(line.source(), token, Map.of()));
      } else {
        conditions.add(aliasCondition(line.source(), pattern, token));
      }
    }
    if (template.isEmpty()) {
      throw line.source().error("this alias has no \"TEXT\"");
    }
    if (features.mask() != 0) {
      throw line.source().error("want features alone in an alias's [ ]");
    }
    aliases.add(new Alias(pattern, conditions, features, template, line.source()));
  }

  private static Condition aliasCondition(Source source, Pattern pattern, String token) {
    var m = Declarations.COMPARE.matcher(token);
    if (!m.matches()) {
      throw source.error("%s: want OPERAND==NUMBER or another comparison", token);
    }
    int operand = Template.operand(source, pattern, m.group(1));
    String right = m.group(3);
    return Character.isJavaIdentifierStart(right.charAt(0))
        ? new Condition(operand, m.group(2), Template.operand(source, pattern, right), 0)
        : new Condition(operand, m.group(2), -1, Declarations.number(source, right));
  }

  private Isa finish(String file) {
    var source = new Source(file, 1);
    if (name.isEmpty() || javaPackage.isEmpty()) {
      throw source.error("want isa NAME and package JAVA.PACKAGE");
    }
    if (patterns.isEmpty()) {
      throw source.error("there is no pattern");
    }
    return new Isa(
        name,
        javaPackage,
        unit,
        List.copyOf(lengths),
        List.copyOf(declarations.features()),
        List.copyOf(declarations.exclusive()),
        new LinkedHashMap<>(declarations.fields()),
        new LinkedHashMap<>(declarations.printers()),
        unknown,
        List.copyOf(addresses),
        List.copyOf(patterns.values()),
        List.copyOf(aliases));
  }

  static String word(Line line, int index, String want) {
    if (line.tokens().size() <= index || Line.isText(line.tokens().get(index))) {
      throw line.source().error("want %s", want);
    }
    return line.tokens().get(index);
  }

  private static String text(Line line, int index, String want) {
    if (line.tokens().size() <= index || !Line.isText(line.tokens().get(index))) {
      throw line.source().error("want %s", want);
    }
    return line.tokens().get(index);
  }
}
