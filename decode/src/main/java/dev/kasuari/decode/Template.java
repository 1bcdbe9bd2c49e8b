package dev.kasuari.decode;

import dev.kasuari.decode.Pattern.FieldOperand;

/** Display texts such as {@code {name} {rd},{rs1}}. */
final class Template {
  private Template() {}

  /** Replaces each operand's name by its number among the operands that have bits. */
  static String compile(Source source, Pattern pattern, String template) {
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
      s.append(template, i, open);
      String name = template.substring(open + 1, close);
      s.append(name.equals("name") ? pattern.name() : "{" + operand(source, pattern, name) + "}");
      i = close + 1;
    }
    return s.toString();
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
