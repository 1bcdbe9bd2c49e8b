package dev.kasuari.processor;

import static dev.kasuari.processor.Source.quote;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Set;
import java.util.StringJoiner;
import javax.lang.model.element.AnnotationMirror;
import javax.lang.model.element.Element;
import javax.lang.model.element.RecordComponentElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.TypeKind;
import javax.lang.model.type.TypeMirror;
import org.jspecify.annotations.Nullable;

/** One component of an options record, and the code that reads and writes it. */
final class OptionField {
  private final Model model;
  private final TypeElement record;
  private final RecordComponentElement component;
  private final TypeMirror type;
  private final String key;
  private final @Nullable String standard;
  private final boolean nullable;
  private final @Nullable AnnotationMirror size;
  private final long min;
  private final long max;

  OptionField(Model model, TypeElement record, RecordComponentElement component) throws Bad {
    this.model = model;
    this.record = record;
    this.component = component;
    type = component.asType();
    key = OptionsGenerator.optionName(model, component);
    nullable = Model.isNullable(type);
    size = Model.annotation(component, Model.QAPI + "Options.Size");
    AnnotationMirror given = Model.annotation(component, Model.QAPI + "Options.Default");
    standard = given == null ? null : model.text(given, "value");
    AnnotationMirror range = Model.annotation(component, Model.QAPI + "Options.Range");
    boolean isInt = model.unboxed(type) == TypeKind.INT;
    long least = range == null ? Long.MIN_VALUE : (Long) model.member(range, "min");
    long most = range == null ? Long.MAX_VALUE : (Long) model.member(range, "max");
    min = isInt ? Math.max(least, Integer.MIN_VALUE) : least;
    max = isInt ? Math.min(most, Integer.MAX_VALUE) : most;
    if (nullable && standard != null) {
      throw new Bad(component, "either @Nullable or @Default: a default is never absent");
    }
    if (standard != null) {
      standardLiteral(standard); // complain here rather than in the generated class
    }
  }

  private boolean optional() {
    return nullable || standard != null;
  }

  private String constant() {
    return Model.hyphens(component.getSimpleName().toString())
        .replace('-', '_')
        .toUpperCase(Locale.ROOT);
  }

  // Schema.

  String schemaField() {
    AnnotationMirror given = Model.annotation(component, Model.QAPI + "Options.Doc");
    String doc =
        given == null
            ? model.parameterText(record, component.getSimpleName().toString())
            : model.text(given, "value");
    return "new Schema.Field(%s, %s, %s, %b, %s)"
        .formatted(
            quote(key),
            schema(type),
            quote(doc),
            !optional(),
            standard == null ? "null" : quote(standard));
  }

  private String schema(TypeMirror of) {
    TypeMirror item = model.listItem(of);
    TypeElement element = Model.element(of);
    if (item != null) {
      return "new Schema.Many(" + schema(item) + ")";
    }
    if (Model.isEnum(of) && element != null) {
      return "new Schema.Choice(%s, List.of(%s))"
          .formatted(quote(Model.hyphens(element.getSimpleName().toString())), words(element));
    }
    if (OptionsGenerator.isOptions(of) && element != null) {
      return OptionsGenerator.codecOf(model, element) + ".schema()";
    }
    return switch (model.unboxed(of)) {
      case BOOLEAN -> "new Schema.Bool()";
      case DOUBLE -> "new Schema.Real()";
      case INT, LONG ->
          size != null
              ? "new Schema.Bytes('" + model.text(size, "unit") + "')"
              : "new Schema.Int(" + literal(min) + ", " + literal(max) + ")";
      default -> {
        if (model.is(of, "java.lang.String")) {
          yield "new Schema.Str()";
        }
        if (model.is(of, Model.QAPI + "Json")) {
          yield "new Schema.Any()";
        }
        String name = element == null ? of.toString() : element.getSimpleName().toString();
        yield "new Schema.Reference(%s)".formatted(quote(name));
      }
    };
  }

  private String words(TypeElement type) {
    var out = new StringJoiner(", ");
    for (Element constant : Model.constants(type)) {
      out.add(
          "new Schema.Choice.Word(%s, %s)"
              .formatted(
                  quote(OptionsGenerator.optionName(model, constant)),
                  quote(model.firstSentence(constant))));
    }
    return out.toString();
  }

  // Reading.

  String readExpression() {
    String read = read(type, "reader", quote(key));
    if (nullable) {
      return "reader.has(%s) ? %s : null".formatted(quote(key), read);
    }
    return standard == null
        ? read
        : "reader.has(%s) ? %s : %s".formatted(quote(key), read, uncheckedStandard(standard));
  }

  private String read(TypeMirror of, String reader, String name) {
    TypeMirror item = model.listItem(of);
    TypeElement element = Model.element(of);
    if (item != null) {
      return "%s.list(%s, (items, index) -> %s)"
          .formatted(reader, name, read(item, "items", "index"));
    }
    if (Model.isEnum(of)) {
      return "%s.choice(%s, %s_NAMES, %s_VALUES)".formatted(reader, name, constant(), constant());
    }
    if (OptionsGenerator.isOptions(of) && element != null) {
      return "%s.struct(%s, %s)".formatted(reader, name, OptionsGenerator.codecOf(model, element));
    }
    return switch (model.unboxed(of)) {
      case BOOLEAN -> "%s.bool(%s)".formatted(reader, name);
      case DOUBLE -> "%s.real(%s)".formatted(reader, name);
      case INT ->
          "(int) %s.integer(%s, %s, %s)".formatted(reader, name, literal(min), literal(max));
      case LONG ->
          size != null
              ? "%s.size(%s, '%s')".formatted(reader, name, model.text(size, "unit"))
              : "%s.integer(%s, %s, %s)".formatted(reader, name, literal(min), literal(max));
      default -> {
        if (model.is(of, "java.lang.String")) {
          yield "%s.text(%s)".formatted(reader, name);
        }
        if (model.is(of, Model.QAPI + "Json")) {
          yield "%s.json(%s)".formatted(reader, name);
        }
        yield "%s.reference(%s, %s.class)".formatted(reader, name, model.typeName(of));
      }
    };
  }

  /** Names and values of the enum that this component or its items have. */
  void constants(Source out) {
    TypeMirror item = model.listItem(type);
    TypeMirror of = item == null ? type : item;
    TypeElement element = Model.element(of);
    if (!Model.isEnum(of) || element == null) {
      return;
    }
    var names = new StringJoiner(", ");
    var values = new StringJoiner(", ");
    for (Element constant : Model.constants(element)) {
      names.add(quote(OptionsGenerator.optionName(model, constant)));
      values.add(element.getQualifiedName() + "." + constant.getSimpleName());
    }
    out.line("")
        .line("private static final List<String> %s_NAMES = List.of(%s);", constant(), names)
        .line("")
        .line(
            "private static final List<%s> %s_VALUES = List.of(%s);",
            element.getQualifiedName(), constant(), values);
  }

  // Writing.

  void write(Source out) {
    String value = "value." + component.getSimpleName() + "()";
    if (nullable) {
      String local = component.getSimpleName() + "Given";
      out.line("var %s = %s;", local, value)
          .line("if (%s != null) {", local)
          .line("members.put(%s, %s);", quote(key), json(type, local))
          .line("}");
    } else {
      out.line("members.put(%s, %s);", quote(key), json(type, value));
    }
  }

  private String json(TypeMirror of, String value) {
    TypeMirror item = model.listItem(of);
    TypeElement element = Model.element(of);
    if (item != null) {
      return "new Json.Array(%s.stream().<Json>map(i -> %s).toList())"
          .formatted(value, json(item, "i"));
    }
    if (Model.isEnum(of)) {
      return "new Json.Text(%1$s_NAMES.get(%1$s_VALUES.indexOf(%2$s)))"
          .formatted(constant(), value);
    }
    if (OptionsGenerator.isOptions(of) && element != null) {
      return OptionsGenerator.codecOf(model, element) + ".write(" + value + ")";
    }
    return switch (model.unboxed(of)) {
      case BOOLEAN -> "new Json.Bool(" + value + ")";
      case INT, LONG -> "Json.Num.of(" + value + ")";
      case DOUBLE -> "Json.Num.of(java.math.BigDecimal.valueOf(" + value + "))";
      default ->
          model.is(of, Model.QAPI + "Json") ? value : "new Json.Text(" + value + ".toString())";
    };
  }

  // Defaults.

  private String uncheckedStandard(String text) {
    try {
      return standardLiteral(text);
    } catch (Bad e) {
      throw new IllegalStateException(e); // the constructor has checked it
    }
  }

  private String standardLiteral(String text) throws Bad {
    if (model.listItem(type) != null) {
      if (!text.isEmpty()) {
        throw new Bad(component, "the default of a list is empty: @Default(\"\")");
      }
      return "List.of()";
    }
    TypeElement element = Model.element(type);
    if (Model.isEnum(type) && element != null) {
      return enumLiteral(text, element);
    }
    return switch (model.unboxed(type)) {
      case BOOLEAN -> booleanLiteral(text);
      case INT, LONG -> numberLiteral(text);
      case DOUBLE -> Double.toString(Double.parseDouble(text));
      default -> {
        if (!model.is(type, "java.lang.String")) {
          throw new Bad(component, "this type can have no default; make it @Nullable");
        }
        yield quote(text);
      }
    };
  }

  private String enumLiteral(String text, TypeElement element) throws Bad {
    for (Element constant : Model.constants(element)) {
      if (OptionsGenerator.optionName(model, constant).equals(text)) {
        return element.getQualifiedName() + "." + constant.getSimpleName();
      }
    }
    throw new Bad(component, "default '" + text + "' is none of the words of " + element);
  }

  private String booleanLiteral(String text) throws Bad {
    if (Set.of("on", "true", "yes").contains(text)) {
      return "true";
    }
    if (Set.of("off", "false", "no").contains(text)) {
      return "false";
    }
    throw new Bad(component, "default '" + text + "' is neither on nor off");
  }

  private String numberLiteral(String text) throws Bad {
    try {
      long value = size == null ? Long.decode(text) : sizeOf(text, model.text(size, "unit"));
      if (value < min || value > max) {
        throw new Bad(component, "default " + text + " is outside the range");
      }
      return model.unboxed(type) == TypeKind.INT ? Long.toString(value) : literal(value);
    } catch (NumberFormatException e) {
      throw new Bad(component, "default '" + text + "' is not a number");
    }
  }

  private static long sizeOf(String text, String unit) {
    String units = "BKMGTPE";
    int suffix = units.indexOf(Character.toUpperCase(text.charAt(text.length() - 1)));
    String digits = suffix < 0 ? text : text.substring(0, text.length() - 1);
    int scale = suffix < 0 ? units.indexOf(unit) : suffix;
    return new BigDecimal(digits).multiply(BigDecimal.valueOf(1L << (10 * scale))).longValue();
  }

  private static String literal(long value) {
    if (value == Long.MIN_VALUE) {
      return "Long.MIN_VALUE";
    }
    return value == Long.MAX_VALUE ? "Long.MAX_VALUE" : value + "L";
  }
}
