package dev.kasuari.decode;

import dev.kasuari.decode.Field.Piece;
import java.util.ArrayList;

/** Writes the class that takes fields out of instructions and puts them in. */
final class FieldsSource {
  private FieldsSource() {}

  static String of(Isa isa) {
    var code =
        Generated.open(
            isa,
            "",
            "The fields of instructions: read from bits, and put into bits (no range is checked).",
            "public final class %sFields".formatted(isa.name()));
    code.line("private %sFields() {}", isa.name());
    for (Field f : isa.fields().values()) {
      String name = Names.method(f.name());
      code.line("");
      code.line("/** %s: bits %s. */", f.name(), f.pieces());
      code.line("public static %s %s(%s insn) {", f.type(), name, isa.type());
      code.line("return %s;", get(isa, f, "insn"));
      code.line("}");
      code.line("");
      code.line("/** The bits of %s, all others 0. */", f.name());
      code.line("public static %s put%s(%s value) {", isa.type(), capital(name), f.type());
      code.line("return %s;", put(isa, f));
      code.line("}");
    }
    byNumber(isa, code);
    return code.line("}").toString();
  }

  private static void byNumber(Isa isa, Code code) {
    code.line("");
    code.line("static long get(int field, %s insn) {", isa.type());
    code.line("return switch (field) {");
    int i = 0;
    for (Field f : isa.fields().values()) {
      code.line("case %d -> %s(insn);", i++, Names.method(f.name()));
    }
    code.line("default -> throw new IllegalArgumentException(\"no field \" + field);");
    code.line("};").line("}").line("");
    code.line("static %s put(int field, long value) {", isa.type());
    code.line("return switch (field) {");
    i = 0;
    for (Field f : isa.fields().values()) {
      code.line(
          "case %d -> put%s(%svalue);",
          i++, capital(Names.method(f.name())), f.wide() ? "" : "(int) ");
    }
    code.line("default -> throw new IllegalArgumentException(\"no field \" + field);");
    code.line("};").line("}");
  }

  static String capital(String s) {
    return Character.toUpperCase(s.charAt(0)) + s.substring(1);
  }

  /** An expression for a field's value. */
  static String get(Isa isa, Field f, String window) {
    boolean wide = isa.type().equals("long") || f.wide();
    String type = wide ? "long" : "int";
    String word = wide && isa.type().equals("int") ? "(long) " + window : window;
    var terms = new ArrayList<String>();
    int at = f.width();
    for (Piece p : f.pieces()) {
      at -= p.width();
      boolean top = terms.isEmpty();
      String piece;
      if (top && f.signed()) {
        int unused = (wide ? 63 : 31) - p.high();
        piece = "%s << %d >> %d".formatted(word, unused, unused + p.low());
      } else if (p.width() == (wide ? 64 : 32)) {
        piece = word;
      } else {
        piece = "%s >>> %d & %s".formatted(word, p.low(), Code.literal(Bits.ones(p.width()), type));
      }
      int shift = at + f.shift();
      terms.add(shift == 0 ? "(" + piece + ")" : "((" + piece + ") << " + shift + ")");
    }
    String value = String.join(" | ", terms);
    if (f.flip() != 0) {
      value = "(" + value + ") ^ " + Code.literal((long) f.flip() << f.shift(), type);
    }
    if (f.add() != 0) {
      value = "(" + value + ") + " + f.add();
    }
    return wide && !f.wide() ? "(int) (" + value + ")" : value;
  }

  private static String put(Isa isa, Field f) {
    boolean wide = isa.type().equals("long") || f.wide();
    String type = wide ? "long" : "int";
    String value = f.add() == 0 ? "value" : "(value - " + f.add() + ")";
    if (f.flip() != 0) {
      value = "(" + value + " ^ " + Code.literal((long) f.flip() << f.shift(), type) + ")";
    }
    if (wide && !f.wide()) {
      value = "(long) " + value;
    }
    var terms = new ArrayList<String>();
    int at = f.width();
    for (Piece p : f.pieces()) {
      at -= p.width();
      String term =
          p.width() == (wide ? 64 : 32)
              ? value
              : "(%s >> %d & %s)"
                  .formatted(value, at + f.shift(), Code.literal(Bits.ones(p.width()), type));
      terms.add(p.low() == 0 ? term : term + " << " + p.low());
    }
    String bits = String.join(" | ", terms);
    return wide && isa.type().equals("int") ? "(int) (" + bits + ")" : bits;
  }
}
