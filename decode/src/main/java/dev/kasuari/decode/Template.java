package dev.kasuari.decode;

import dev.kasuari.decode.Isa.Printer;
import dev.kasuari.decode.Pattern.FieldOperand;
import java.util.ArrayList;
import java.util.List;

/** Display texts such as {@code {name} {rd},{rs1}}. */
final class Template {
  private final Source source;
  private final Declarations declarations;
  private final Pattern pattern;

  private Template(Source source, Declarations declarations, Pattern pattern) {
    this.source = source;
    this.declarations = declarations;
    this.pattern = pattern;
  }

  /**
   * Replaces what stands in braces: {@code {name}} and {@code {stem}} by text, operands by {@code
   * {PRINTER:OPERAND<SHIFT,...}}, all in numbers, operands counted among those that have bits.
   */
  static String compile(
      Source source, Declarations declarations, Pattern pattern, String template) {
    var compiler = new Template(source, declarations, pattern);
    var s = new StringBuilder();
    int i = 0;
    while (i < template.length()) {
      int open = template.indexOf('{', i);
      if (open < 0) {
        return s.append(template, i, template.length()).toString();
      }
      int close = template.indexOf('}', open);
      if (close < 0) {
        throw source.error("\"%s\" has a { without a }", template);
      }
      s.append(template, i, open).append(compiler.item(template.substring(open + 1, close)));
      i = close + 1;
    }
    return s.toString();
  }

  private String item(String item) {
    String name = pattern.name();
    int dot = name.indexOf('.');
    return switch (item) {
      case "name" -> name;
      case "stem" -> dot < 0 ? name : name.substring(0, dot);
      default -> operands(item);
    };
  }

  /** {@code rd}, {@code rd:gpr}, {@code q,size:lanes}. */
  private String operands(String item) {
    int colon = item.indexOf(':');
    var operands = new ArrayList<Integer>();
    for (String s : item.substring(0, colon < 0 ? item.length() : colon).split(",", -1)) {
      operands.add(operand(source, pattern, s.strip()));
    }
    if (colon < 0 && operands.size() > 1) {
      throw source.error("{%s} has several operands and no printer: want {a,b:PRINTER}", item);
    }
    String name =
        colon < 0 ? pattern.fields().get(operands.getFirst()).printer() : item.substring(colon + 1);
    Printer printer = declarations.printer(source, name);
    int number = List.copyOf(declarations.printers().keySet()).indexOf(name);
    return "{" + number + ":" + (printer.calls() ? list(operands) : sum(item, operands)) + "}";
  }

  private static String list(List<Integer> operands) {
    return String.join(",", operands.stream().map(o -> o + "<0").toList());
  }

  /**
   * The operands' bits one after the other, the last lowest, each as wide as its greatest value.
   */
  private String sum(String item, List<Integer> operands) {
    var terms = new ArrayList<String>();
    int shift = 0;
    for (int operand : operands.reversed()) {
      Field field = pattern.fields().get(operand).field();
      if (operands.size() > 1 && field.min() < 0) {
        throw source.error("{%s}: %s may be negative and cannot be joined", item, field.name());
      }
      terms.addFirst(operand + "<" + shift);
      shift += Math.max(1, 64 - Long.numberOfLeadingZeros(field.max()));
    }
    return String.join(",", terms);
  }

  /** The number of an operand among those that have bits. */
  static int operand(Source source, Pattern pattern, String name) {
    var fields = pattern.fields();
    for (int i = 0; i < fields.size(); i++) {
      if (fields.get(i).name().equals(name)) {
        return i;
      }
    }
    throw source.error(
        "%s has no operand %s; it has %s",
        pattern.name(), name, String.join(" ", fields.stream().map(FieldOperand::name).toList()));
  }
}
