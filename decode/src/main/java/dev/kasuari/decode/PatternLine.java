package dev.kasuari.decode;

import dev.kasuari.decode.Pattern.ConstantOperand;
import dev.kasuari.decode.Pattern.FieldOperand;
import dev.kasuari.decode.Pattern.Operand;
import dev.kasuari.decode.Pattern.Step;
import dev.kasuari.decode.Pattern.Target;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.lang.model.SourceVersion;

/** The items of a pattern or format line, collected. */
final class PatternLine {
  /** Names of other parameters and variables of generated methods. */
  private static final Set<String> RESERVED = Set.of("context", "insn");

  private final Source source;
  private final Declarations declarations;
  private final Map<String, PatternLine> formats;
  private final int streamUnit;
  private final Map<String, Operand> operands = new LinkedHashMap<>();
  private final Set<String> own = new HashSet<>();
  private final List<String> conditions = new ArrayList<>();
  private final StringBuilder bits = new StringBuilder();
  private String template = "";
  private List<String> target = List.of();
  private boolean shownAsTarget;

  /** Makes an empty line; {@code streamUnit} is the unit if bits are written in stream order. */
  PatternLine(
      Source source, Declarations declarations, Map<String, PatternLine> formats, int streamUnit) {
    this.source = source;
    this.declarations = declarations;
    this.formats = formats;
    this.streamUnit = streamUnit;
  }

  void add(List<String> tokens) {
    int i = 0;
    while (i < tokens.size()) {
      String token = tokens.get(i++);
      if (token.equals("=>") || token.equals("->")) {
        shownAsTarget = token.equals("=>");
        int end = i;
        while (end < tokens.size() && !isTail(tokens.get(end))) {
          end++;
        }
        target = tokens.subList(i, end);
        i = end;
      } else {
        item(token);
      }
    }
  }

  private static boolean isTail(String token) {
    return Line.isText(token) || Line.isCondition(token);
  }

  private void item(String token) {
    if (Line.isText(token)) {
      template = Line.text(token);
    } else if (Line.isCondition(token) || Declarations.isComparison(token)) {
      conditions.add(token);
    } else if (Line.isBits(token)) {
      bits.append(token);
    } else if (token.startsWith("@")) {
      include(token);
    } else {
      operand(token);
    }
  }

  private void include(String name) {
    PatternLine format = formats.get(name);
    if (format == null) {
      throw source.error("no format %s before this line", name);
    }
    operands.putAll(format.operands);
    conditions.addAll(format.conditions);
    bits.append(format.bits);
    template = format.template.isEmpty() ? template : format.template;
    if (!format.target.isEmpty()) {
      target = format.target;
      shownAsTarget = format.shownAsTarget;
    }
  }

  private void operand(String token) {
    Operand operand = operand(token, Map.of());
    if (!own.add(operand.name())) {
      throw source.error("operand %s is given twice", operand.name());
    }
    if (SourceVersion.isKeyword(operand.name()) || RESERVED.contains(operand.name())) {
      throw source.error(
          "operand %s has a name that generated code needs: want another", operand.name());
    }
    operands.put(operand.name(), operand);
  }

  /** {@code rd}, {@code imm=%imm_i}, {@code imm=%imm_i:hex}, {@code rm=0}, {@code rs1=rd}. */
  private Operand operand(String token, Map<String, Operand> known) {
    int equals = token.indexOf('=');
    String name = equals < 0 ? token : token.substring(0, equals);
    String value = equals < 0 ? name : token.substring(equals + 1);
    if (!name.matches("[a-z_][a-z0-9_]*")) {
      throw source.error(
          "%s: want an operand (rd, imm=%%imm_i, rm=0), bits of 0 1 . - +, a comparison (rd!=0),"
              + " @FORMAT, [FEATURES] or \"TEXT\"",
          token);
    }
    if (value.startsWith("%")) {
      int colon = value.indexOf(':');
      Field field =
          declarations.field(source, value.substring(1, colon < 0 ? value.length() : colon));
      String printer =
          colon < 0
              ? field.printer()
              : declarations.printer(source, value.substring(colon + 1)).name();
      return new FieldOperand(name, field, printer);
    }
    Operand other = known.get(value);
    if (other instanceof FieldOperand f) {
      return new FieldOperand(name, f.field(), f.printer());
    }
    if (other instanceof ConstantOperand c) {
      return new ConstantOperand(name, c.value());
    }
    if (Character.isJavaIdentifierStart(value.charAt(0))) {
      Field field = declarations.field(source, value);
      return new FieldOperand(name, field, field.printer());
    }
    return new ConstantOperand(name, Declarations.number(source, value));
  }

  Pattern pattern(
      String name,
      Map<String, Pattern> patterns,
      int unit,
      List<Step> group,
      String section,
      Predicate sectionPredicate) {
    String picture = value(name, unit);
    var byName = new LinkedHashMap<String, Field>();
    for (Operand o : operands.values()) {
      if (o instanceof FieldOperand f) {
        byName.put(o.name(), f.field());
      }
    }
    Predicate predicate = sectionPredicate;
    for (String condition : conditions) {
      predicate =
          predicate.and(
              Line.isCondition(condition)
                  ? declarations.condition(source, condition, byName)
                  : declarations.comparison(source, condition, byName));
    }
    var pattern =
        new Pattern(
            name,
            patterns.size(),
            picture.length(),
            mask(picture, '0', '1'),
            mask(picture, '1', '1'),
            mask(picture, '-', '+'),
            mask(picture, '+', '+'),
            List.copyOf(operands.values()),
            predicate,
            "",
            group,
            target.isEmpty() ? Optional.empty() : Optional.of(target(patterns)),
            section,
            source);
    check(pattern);
    return withTemplate(pattern);
  }

  private Pattern withTemplate(Pattern p) {
    return new Pattern(
        p.name(),
        p.index(),
        p.bits(),
        p.mask(),
        p.value(),
        p.ignored(),
        p.ignoredOnes(),
        p.operands(),
        p.predicate(),
        Template.compile(source, declarations, p, template.isEmpty() ? "{name}" : template),
        p.group(),
        p.target(),
        p.section(),
        p.source());
  }

  /** The bits as a number's digits, most significant first. */
  private String value(String name, int unit) {
    int length = bits.length();
    if (length == 0) {
      throw source.error("%s has no bits: want %d or a multiple, of 0 1 . - +", name, unit);
    }
    if (length % unit != 0 || length > 64) {
      throw source.error("%s has %d bits: want a multiple of %d, at most 64", name, length, unit);
    }
    if (streamUnit == 0) {
      return bits.toString();
    }
    var s = new StringBuilder();
    for (int i = length - streamUnit; i >= 0; i -= streamUnit) {
      s.append(bits, i, i + streamUnit);
    }
    return s.toString();
  }

  private static long mask(String picture, char a, char b) {
    long mask = 0;
    for (int i = 0; i < picture.length(); i++) {
      char c = picture.charAt(i);
      mask = mask << 1 | (c == a || c == b ? 1 : 0);
    }
    return mask;
  }

  private Target target(Map<String, Pattern> patterns) {
    Pattern p = patterns.get(target.getFirst());
    if (p == null) {
      throw source.error("no pattern %s before this line", target.getFirst());
    }
    if (p.target().isPresent()) {
      throw source.error("%s is itself another encoding: want what it stands for", p.name());
    }
    var given = new LinkedHashMap<String, Operand>();
    for (String token : target.subList(1, target.size())) {
      Operand o = operand(token, operands);
      given.put(o.name(), o);
    }
    var arguments = new ArrayList<Operand>();
    for (Operand wanted : p.operands()) {
      Operand argument = given.remove(wanted.name());
      if (argument == null) {
        argument = operands.get(wanted.name());
      }
      if (argument == null && wanted instanceof ConstantOperand) {
        argument = wanted;
      }
      if (argument == null) {
        throw source.error("%s needs %s: want %s=...", p.name(), wanted.name(), wanted.name());
      }
      arguments.add(argument);
    }
    if (!given.isEmpty()) {
      throw source.error("%s has no operand %s", p.name(), given.keySet().iterator().next());
    }
    return new Target(p, arguments, shownAsTarget);
  }

  /** Every free bit belongs to an operand or a condition, no operand's bit is fixed. */
  private void check(Pattern p) {
    long owned = p.predicate().mask();
    for (FieldOperand o : p.fields()) {
      long mask = o.field().mask();
      if ((mask & ~Bits.ones(p.bits())) != 0) {
        throw source.error("operand %s has bits beyond the %d of %s", o.name(), p.bits(), p.name());
      }
      if ((mask & (p.mask() | p.ignored())) != 0) {
        throw source.error(
            "operand %s has bits that %s fixes: want . there, or %s=NUMBER",
            o.name(), p.name(), o.name());
      }
      owned |= mask;
    }
    long unowned = Bits.ones(p.bits()) & ~(p.mask() | p.ignored() | owned);
    if (unowned != 0) {
      throw source.error(
          "bit %d of %s is free and belongs to no operand: want 0, 1, or - if it means nothing",
          Long.numberOfTrailingZeros(unowned), p.name());
    }
  }
}
