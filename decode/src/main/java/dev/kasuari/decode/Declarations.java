package dev.kasuari.decode;

import dev.kasuari.decode.Field.Piece;
import dev.kasuari.decode.Isa.Feature;
import dev.kasuari.decode.Isa.Printer;
import dev.kasuari.decode.Isa.Printer.Style;
import dev.kasuari.decode.Predicate.Clause;
import dev.kasuari.decode.Predicate.Compare;
import dev.kasuari.decode.Predicate.Constant;
import dev.kasuari.decode.Predicate.FieldValue;
import dev.kasuari.decode.Predicate.HasFeature;
import dev.kasuari.decode.Predicate.Literal;
import dev.kasuari.decode.Predicate.Term;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What pattern lines refer to: features, printers and fields. */
final class Declarations {
  static final java.util.regex.Pattern COMPARE =
      java.util.regex.Pattern.compile("([A-Za-z_]\\w*|\\d+(?::\\d+)?)(==|!=|<=|>=|<|>)(.+)");
  private static final java.util.regex.Pattern PIECE =
      java.util.regex.Pattern.compile("(\\d+)(?::(\\d+))?");

  private static final java.util.regex.Pattern ENTRY =
      java.util.regex.Pattern.compile("(\\w+?)(?:\\.\\.(\\w+))?=(.+)");
  private static final java.util.regex.Pattern COUNTED =
      java.util.regex.Pattern.compile("([^#]*)#(\\d+)([^#]*)");

  private final List<Feature> features = new ArrayList<>();
  private final List<Long> exclusive = new ArrayList<>();
  private final Map<String, Field> fields = new LinkedHashMap<>();
  private final Map<String, Printer> printers = new LinkedHashMap<>();

  Declarations() {
    for (Style style : Style.values()) {
      String name = style.name().toLowerCase(Locale.ROOT);
      printers.put(name, Printer.number(name, style, 0, -1));
    }
  }

  List<Feature> features() {
    return features;
  }

  List<Long> exclusive() {
    return exclusive;
  }

  Map<String, Field> fields() {
    return fields;
  }

  Map<String, Printer> printers() {
    return printers;
  }

  /** {@code feature zba "address generation"}. */
  void feature(Line line) {
    String name = Parser.word(line, 1, "feature NAME \"DESCRIPTION\"");
    if (bit(name) >= 0) {
      throw line.source().error("feature %s is declared twice", name);
    }
    if (features.size() == 64) {
      throw line.source().error("feature %s is the 65th; there is room for 64", name);
    }
    var description = line.tokens().size() > 2 ? Line.text(line.tokens().get(2)) : name;
    features.add(new Feature(name, description, false, ""));
  }

  /** {@code exclusive rv32 rv64}: exactly one of them is there. */
  void exclusive(Line line) {
    long set = 0;
    for (String name : line.rest()) {
      set |= 1L << declaredBit(line.source(), name);
    }
    exclusive.add(set);
  }

  /** {@code later simd sha3}: translators may leave out what needs one of them. */
  void later(Line line) {
    for (String name : line.rest()) {
      int bit = declaredBit(line.source(), name);
      Feature feature = features.get(bit);
      features.set(bit, new Feature(name, feature.description(), true, feature.guard()));
    }
  }

  /** {@code guard vectors simd sha3}: that method permits what needs one of them. */
  void guard(Line line) {
    String method = Parser.word(line, 1, "guard METHOD FEATURE...");
    if (!method.matches("[a-z]\\w*")) {
      throw line.source().error("%s is no method's name: want guard METHOD FEATURE...", method);
    }
    for (String name : line.rest().subList(1, line.rest().size())) {
      int bit = declaredBit(line.source(), name);
      Feature feature = features.get(bit);
      if (!feature.guard().isEmpty()) {
        throw line.source().error("%s has the guard %s already", name, feature.guard());
      }
      features.set(bit, new Feature(name, feature.description(), feature.later(), method));
    }
  }

  private int bit(String feature) {
    for (int i = 0; i < features.size(); i++) {
      if (features.get(i).name().equals(feature)) {
        return i;
      }
    }
    return -1;
  }

  private int declaredBit(Source source, String feature) {
    int bit = bit(feature);
    if (bit < 0) {
      throw source.error(
          "no feature %s; declared are %s",
          feature, String.join(" ", features.stream().map(Feature::name).toList()));
    }
    return bit;
  }

  /**
   * {@code printer gpr list zero ra sp}, {@code printer csr table 1=fflags else hex}, {@code
   * printer upper hex >>12 &0xfffff}, {@code printer page rel &-4096}.
   */
  void printer(Line line) {
    String want = "printer NAME list|table|dec|hex|rel|call ...";
    String name = Parser.word(line, 1, want);
    var rest = line.tokens().subList(3, line.tokens().size());
    var printer =
        switch (Parser.word(line, 2, want)) {
          case "list" -> list(name, rest);
          case "table" -> table(line.source(), name, rest);
          case "dec" -> number(line.source(), name, Style.DEC, rest);
          case "hex" -> number(line.source(), name, Style.HEX, rest);
          case "rel" -> number(line.source(), name, Style.REL, rest);
          case "call" -> call(line.source(), name, rest);
          default -> throw line.source().error("%s: want %s", line.tokens().get(2), want);
        };
    if (printers.put(name, printer) != null) {
      throw line.source().error("printer %s is declared twice", name);
    }
  }

  /** {@code printer lanes call Text.lanes}: a static method that takes a long for each operand. */
  private static Printer call(Source source, String name, List<String> rest) {
    if (rest.size() != 1 || !rest.getFirst().matches("[A-Za-z_]\\w*(\\.[A-Za-z_]\\w*)+")) {
      throw source.error("want printer %s call CLASS.METHOD", name);
    }
    return new Printer(name, Style.DEC, 0, -1, Map.of(), "", rest.getFirst());
  }

  private static Printer list(String name, List<String> names) {
    var table = new LinkedHashMap<Long, String>();
    for (String s : names) {
      table.put((long) table.size(), s);
    }
    return new Printer(name, Style.DEC, 0, -1, table, "", "");
  }

  private static Printer table(Source source, String name, List<String> rest) {
    var table = new LinkedHashMap<Long, String>();
    var style = Style.DEC;
    String otherwise = "";
    for (int i = 0; i < rest.size(); i++) {
      String s = rest.get(i);
      if (s.equals("else") && i == rest.size() - 2) {
        String last = rest.get(++i);
        if (Line.isText(last)) {
          otherwise = Line.text(last);
        } else {
          style = last.equals("hex") ? Style.HEX : Style.DEC;
        }
      } else {
        entry(source, Line.isText(s) ? Line.text(s) : s, table);
      }
    }
    return new Printer(name, style, 0, -1, table, otherwise, "");
  }

  /** {@code 1=fflags}, {@code 7=-} for no text, {@code 0xb03..0xb1f=mhpmcounter#3} which counts. */
  private static void entry(Source source, String s, Map<Long, String> table) {
    var m = ENTRY.matcher(s);
    if (!m.matches()) {
      throw source.error("%s: want VALUE=TEXT, VALUE=- or FIRST..LAST=TEXT#NUMBER", s);
    }
    long first = number(source, m.group(1));
    if (m.group(2) == null) {
      table.put(first, m.group(3).equals("-") ? "" : m.group(3));
      return;
    }
    var counted = COUNTED.matcher(m.group(3));
    if (!counted.matches()) {
      throw source.error("%s: want TEXT#NUMBER, where the number is that of the first", s);
    }
    long number = number(source, counted.group(2));
    for (long value = first; value <= number(source, m.group(2)); value++) {
      table.put(value, counted.group(1) + number++ + counted.group(3));
    }
  }

  private static Printer number(Source source, String name, Style style, List<String> rest) {
    int shift = 0;
    long mask = -1;
    for (String s : rest) {
      if (s.startsWith(">>")) {
        shift = (int) number(source, s.substring(2));
      } else if (s.startsWith("&")) {
        mask = number(source, s.substring(1));
      } else {
        throw source.error("%s: want >>BITS or &MASK", s);
      }
    }
    return Printer.number(name, style, shift, mask);
  }

  /** {@code field imm_b 31 7 30:25 11:8 <<1 signed rel}. */
  void field(Line line) {
    Source source = line.source();
    String name = Parser.word(line, 1, "field NAME BITS...");
    var pieces = new ArrayList<Piece>();
    int flip = 0;
    int shift = 0;
    int add = 0;
    boolean signed = false;
    String printer = "dec";
    for (String s : line.tokens().subList(2, line.tokens().size())) {
      if (PIECE.matcher(s).matches()) {
        pieces.add(piece(source, s));
      } else if (s.startsWith("<<")) {
        shift = (int) number(source, s.substring(2));
      } else if (s.startsWith("^")) {
        flip = (int) number(source, s.substring(1));
      } else if (s.startsWith("+")) {
        add = (int) number(source, s.substring(1));
      } else if (s.equals("signed")) {
        signed = true;
      } else {
        printer = printer(source, s).name();
      }
    }
    var field = new Field(name, pieces, flip, shift, add, signed, printer, source);
    check(field);
    if (fields.put(name, field) != null) {
      throw source.error("field %s is declared twice", name);
    }
  }

  private static void check(Field field) {
    if (field.pieces().isEmpty()) {
      throw field.source().error("field %s has no bits: want HIGH:LOW or a bit", field.name());
    }
    if (Long.bitCount(field.mask()) != field.width()) {
      throw field.source().error("field %s has a bit twice", field.name());
    }
    if (field.flip() != 0 && (field.signed() || field.flip() >>> field.width() != 0)) {
      throw field
          .source()
          .error("field %s: want ^ with bits that it has, not signed", field.name());
    }
    if (field.width() + field.shift() > 64) {
      throw field.source().error("field %s has values beyond 64 bits", field.name());
    }
  }

  Printer printer(Source source, String name) {
    Printer printer = printers.get(name);
    if (printer == null) {
      throw source.error(
          "no printer %s; declared are %s", name, String.join(" ", printers.keySet()));
    }
    return printer;
  }

  private static Piece piece(Source source, String s) {
    var m = PIECE.matcher(s);
    if (!m.matches()) {
      throw source.error("%s: want HIGH:LOW or a bit number", s);
    }
    int high = Integer.parseInt(m.group(1));
    int low = m.group(2) == null ? high : Integer.parseInt(m.group(2));
    if (high > 63 || low > high) {
      throw source.error("%s: want HIGH:LOW with 63 >= HIGH >= LOW", s);
    }
    return new Piece(high, low);
  }

  Field field(Source source, String name) {
    Field field = fields.get(name);
    if (field == null) {
      throw source.error("no field %s; want one that a field line declares", name);
    }
    return field;
  }

  /** {@code [rv64 zbb|zbkb !e]}: all clauses, each an alternative of features and comparisons. */
  Predicate condition(Source source, String token, Map<String, Field> operands) {
    var clauses = new ArrayList<Clause>();
    for (String clause : token.substring(1).strip().split("\\s+", 0)) {
      var literals = new ArrayList<Literal>();
      for (String s : clause.split("\\|", -1)) {
        literals.add(
            COMPARE.matcher(s).matches() ? compare(source, s, operands) : hasFeature(source, s));
      }
      clauses.add(new Clause(literals));
    }
    return new Predicate(clauses);
  }

  private HasFeature hasFeature(Source source, String s) {
    boolean present = !s.startsWith("!");
    String name = present ? s : s.substring(1);
    return new HasFeature(name, declaredBit(source, name), present);
  }

  static boolean isComparison(String token) {
    return COMPARE.matcher(token).matches();
  }

  Predicate comparison(Source source, String token, Map<String, Field> operands) {
    return new Predicate(List.of(new Clause(List.of(compare(source, token, operands)))));
  }

  private Compare compare(Source source, String token, Map<String, Field> operands) {
    var m = COMPARE.matcher(token);
    if (!m.matches()) {
      throw source.error("%s: want FIELD==NUMBER or another comparison", token);
    }
    return new Compare(
        m.group(1),
        term(source, m.group(1), operands, true),
        m.group(2),
        term(source, m.group(3), operands, false));
  }

  private Term term(Source source, String s, Map<String, Field> operands, boolean bits) {
    if (bits && PIECE.matcher(s).matches()) {

      return new FieldValue(new Field(s, List.of(piece(source, s)), 0, 0, 0, false, "dec", source));
    }
    if (Character.isJavaIdentifierStart(s.charAt(0))) {
      Field field = operands.get(s);
      return new FieldValue(field != null ? field : field(source, s));
    }
    return new Constant(number(source, s));
  }

  static long number(Source source, String s) {
    try {
      return s.startsWith("0b") ? Long.parseLong(s.substring(2), 2) : Long.decode(s);
    } catch (NumberFormatException e) {
      throw source.error("%s is no number", s);
    }
  }
}
