package dev.kasuari.processor;

import static dev.kasuari.processor.Source.quote;

import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import javax.lang.model.element.AnnotationMirror;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.RecordComponentElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.TypeMirror;

/** The codec of one {@code @Options} record or union. */
final class OptionsGenerator {
  private final Model model;
  private final TypeElement type;
  private final String className;
  private final Source out = new Source();

  private OptionsGenerator(Model model, TypeElement type) {
    this.model = model;
    this.type = type;
    this.className = codecName(type);
  }

  static KasuariProcessor.Unit generate(Model model, TypeElement type) throws Bad {
    if (type.getModifiers().contains(Modifier.PRIVATE)) {
      throw new Bad(type, "a private type cannot declare options: its codec could not see it");
    }
    var generator = new OptionsGenerator(model, type);
    if (type.getKind() == ElementKind.RECORD) {
      generator.record();
    } else if (type.getKind() == ElementKind.INTERFACE
        && !type.getPermittedSubclasses().isEmpty()) {
      generator.union();
    } else {
      throw new Bad(type, "options are declared by a record or by a sealed interface of records");
    }
    return new KasuariProcessor.Unit(model.packageName(type), generator.className, generator.out);
  }

  /** The simple name of a type's codec. */
  static String codecName(TypeElement type) {
    return Model.flatName(type) + "Codec";
  }

  private void begin(String schemaType) {
    String name = type.getQualifiedName().toString();
    out.line("package %s;", model.packageName(type))
        .line("")
        .line("import dev.kasuari.qapi.Json;")
        .line("import dev.kasuari.qapi.OptionCodec;")
        .line("import dev.kasuari.qapi.OptionReader;")
        .line("import dev.kasuari.qapi.Schema;")
        .line("import java.util.LinkedHashMap;")
        .line("import java.util.List;")
        .line("")
        .line("/** Reads and writes {@link %s}. */", name)
        .line(
            "%sfinal class %s implements OptionCodec<%s> {",
            Model.visibility(type), className, name)
        .line("/** The one codec. */")
        .line("public static final %1$s CODEC = new %1$s();", className)
        .line("");
    out.line("private static final Schema.%s SCHEMA = %s;", schemaType, "schemaOf()")
        .line("")
        .line("private %s() {}", className)
        .line("");
  }

  // Records.

  private void record() throws Bad {
    begin("Struct");
    var fields = new ArrayList<OptionField>();
    for (RecordComponentElement component : type.getRecordComponents()) {
      fields.add(new OptionField(model, type, component));
    }
    out.line("@Override").line("public Schema.Struct schema() {").line("return SCHEMA;").line("}");
    out.line("");
    schemaOf(fields);
    read(fields);
    write(fields);
    for (OptionField field : fields) {
      field.constants(out);
    }
    out.line("}");
  }

  private void schemaOf(List<OptionField> fields) {
    AnnotationMirror options = Model.annotation(type, Model.QAPI + "Options");
    String implied = options == null ? "" : model.text(options, "implied");
    out.line("private static Schema.Struct schemaOf() {")
        .line("return new Schema.Struct(")
        .line("    %s,", quote(Model.hyphens(type.getSimpleName().toString())))
        .line("    %s,", quote(model.firstSentence(type)))
        .line("    %s,", quote(implied));
    var list = new StringJoiner(",\n", "    List.of(", "));");
    for (OptionField field : fields) {
      list.add(field.schemaField());
    }
    out.line("%s", list.toString()).line("}").line("");
  }

  private void read(List<OptionField> fields) {
    String name = type.getQualifiedName().toString();
    out.line("@Override")
        .line("public %s read(OptionReader reader) {", name)
        .line("return new %s(", name);
    for (int i = 0; i < fields.size(); i++) {
      out.line("    %s%s", fields.get(i).readExpression(), i + 1 < fields.size() ? "," : "");
    }
    out.line("    );").line("}").line("");
  }

  private void write(List<OptionField> fields) {
    out.line("@Override")
        .line("public Json.Members write(%s value) {", type.getQualifiedName())
        .line("var members = new LinkedHashMap<String, Json>();");
    for (OptionField field : fields) {
      field.write(out);
    }
    out.line("return new Json.Members(members);").line("}");
  }

  // Unions.

  private void union() throws Bad {
    AnnotationMirror options = Model.annotation(type, Model.QAPI + "Options");
    String discriminator = options == null ? "" : model.text(options, "discriminator");
    if (discriminator.isEmpty()) {
      throw new Bad(type, "a union names its discriminator: @Options(discriminator = \"…\")");
    }
    var branches = new ArrayList<TypeElement>();
    for (TypeMirror permitted : type.getPermittedSubclasses()) {
      TypeElement branch = Model.element(permitted);
      if (branch == null || Model.annotation(branch, Model.QAPI + "Options") == null) {
        throw new Bad(type, permitted + " is a branch and must be an @Options record");
      }
      branches.add(branch);
    }
    begin("Struct");
    unionSchema(discriminator, branches);
    unionRead(discriminator, branches);
    unionWrite(discriminator, branches);
    out.line("}");
  }

  /** The struct of a union has the discriminator; each branch's fields are in its own schema. */
  private void unionSchema(String discriminator, List<TypeElement> branches) {
    var words = new StringJoiner(", ");
    for (TypeElement branch : branches) {
      words.add(
          "new Schema.Choice.Word(%s, %s)"
              .formatted(quote(branchName(branch)), quote(model.firstSentence(branch))));
    }
    String name = quote(Model.hyphens(type.getSimpleName().toString()));
    out.line("@Override").line("public Schema.Struct schema() {").line("return SCHEMA;").line("}");
    out.line("")
        .line("private static Schema.Struct schemaOf() {")
        .line("return new Schema.Struct(")
        .line("    %s,", name)
        .line("    %s,", quote(model.firstSentence(type)))
        .line("    %s,", quote(discriminator))
        .line("    List.of(new Schema.Field(")
        .line(
            "        %s, new Schema.Choice(%s, List.of(%s)), \"\", true, null)));",
            quote(discriminator), name, words)
        .line("}")
        .line("");
    var list = new StringJoiner(", ");
    for (TypeElement branch : branches) {
      list.add(codecOf(model, branch) + ".schema()");
    }
    out.line("/** The branches' own fields. */")
        .line("public Schema.Union union() {")
        .line("return new Schema.Union(%s, %s, List.of(%s));", name, quote(discriminator), list)
        .line("}")
        .line("");
  }

  private void unionRead(String discriminator, List<TypeElement> branches) {
    var names = new StringJoiner(", ");
    for (TypeElement branch : branches) {
      names.add(quote(branchName(branch)));
    }
    out.line("@Override")
        .line("public %s read(OptionReader reader) {", type.getQualifiedName())
        .line("return reader.<%s>union(", type.getQualifiedName())
        .line("    %s,", quote(discriminator))
        .line("    List.of(%s),", names)
        .line("    name ->")
        .line("        switch (name) {");
    for (TypeElement branch : branches) {
      out.line("          case %s -> %s;", quote(branchName(branch)), codecOf(model, branch));
    }
    out.line("          default -> null;").line("        });").line("}").line("");
  }

  private void unionWrite(String discriminator, List<TypeElement> branches) {
    out.line("@Override")
        .line("public Json.Members write(%s value) {", type.getQualifiedName())
        .line("var members = new LinkedHashMap<String, Json>();")
        .line("switch (value) {");
    for (TypeElement branch : branches) {
      out.line("case %s branch -> {", branch.getQualifiedName())
          .line(
              "members.put(%s, new Json.Text(%s));",
              quote(discriminator), quote(branchName(branch)))
          .line("members.putAll(%s.write(branch).members());", codecOf(model, branch))
          .line("}");
    }
    out.line("}").line("return new Json.Members(members);").line("}");
  }

  private String branchName(TypeElement branch) {
    AnnotationMirror options = Model.annotation(branch, Model.QAPI + "Options");
    String given = options == null ? "" : model.text(options, "branch");
    return given.isEmpty() ? Model.hyphens(branch.getSimpleName().toString()) : given;
  }

  /** The expression for the codec of another {@code @Options} type. */
  static String codecOf(Model model, TypeElement type) {
    return model.packageName(type) + "." + codecName(type) + ".CODEC";
  }

  /** The name that an enum constant or component goes by. */
  static String optionName(Model model, Element element) {
    AnnotationMirror name = Model.annotation(element, Model.QAPI + "Options.Name");
    return name == null
        ? Model.hyphens(element.getSimpleName().toString())
        : model.text(name, "value");
  }

  static boolean isOptions(TypeMirror type) {
    TypeElement element = Model.element(type);
    return element != null && Model.annotation(element, Model.QAPI + "Options") != null;
  }
}
