package dev.kasuari.processor;

import static dev.kasuari.processor.Source.quote;

import java.util.ArrayList;
import java.util.List;
import javax.lang.model.element.AnnotationMirror;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.VariableElement;
import javax.lang.model.type.ArrayType;
import javax.lang.model.type.TypeKind;
import javax.lang.model.type.TypeMirror;
import org.jspecify.annotations.Nullable;

/** The codec of one state class. */
final class StateGenerator {
  private static final String ANNOTATION = Model.MACHINE + "state.StateClass";

  private final Model model;
  private final TypeElement type;
  private final List<VariableElement> fields = new ArrayList<>();
  private final List<TypeElement> inner = new ArrayList<>();
  private final Source out = new Source();

  StateGenerator(Model model, TypeElement type) throws Bad {
    this.model = model;
    this.type = type;
    check();
    for (Element element : type.getEnclosedElements()) {
      if (element.getKind() == ElementKind.FIELD
          && element instanceof VariableElement field
          && !field.getModifiers().contains(Modifier.STATIC)) {
        if (field.getModifiers().contains(Modifier.PRIVATE)) {
          throw new Bad(field, "a private field cannot be saved; leave the modifier out");
        }
        if (field.getModifiers().contains(Modifier.TRANSIENT)) {
          throw new Bad(field, "state is never transient; what can be derived belongs elsewhere");
        }
        fields.add(field);
      }
    }
  }

  private void check() throws Bad {
    boolean nested = type.getEnclosingElement() instanceof TypeElement;
    if (type.getKind() != ElementKind.CLASS
        || !type.getModifiers().contains(Modifier.FINAL)
        || (nested && !type.getModifiers().contains(Modifier.STATIC))
        || type.getModifiers().contains(Modifier.PRIVATE)) {
      throw new Bad(type, "a state class is static, final and not private");
    }
  }

  /** State classes found in fields whose codecs are generated beside this one. */
  List<TypeElement> inner() {
    return inner;
  }

  static String codecName(TypeElement type) {
    return Model.flatName(type) + "StateCodec";
  }

  KasuariProcessor.Unit generate() throws Bad {
    String name = type.getQualifiedName().toString();
    String codec = codecName(type);
    AnnotationMirror annotation = Model.annotation(type, ANNOTATION);
    String version = annotation == null ? "1" : model.text(annotation, "version");
    out.line("package %s;", model.packageName(type))
        .line("")
        .line("import dev.kasuari.machine.state.StateCodec;")
        .line("import dev.kasuari.machine.state.StateReader;")
        .line("import dev.kasuari.machine.state.StateWriter;")
        .line("")
        .line("/** Saves and restores {@link %s}. */", name)
        .line("%sfinal class %s extends StateCodec<%s> {", Model.visibility(type), codec, name)
        .line("/** The one codec. */")
        .line("public static final %1$s CODEC = new %1$s();", codec)
        .line("")
        .line("private %s() {", codec)
        .line("super(%s, %s);", quote(type.getSimpleName().toString()), version)
        .line("}")
        .line("")
        .line("@Override")
        .line("public %s create() {", name)
        .line("return new %s();", name)
        .line("}")
        .line("")
        .line("@Override")
        .line("public void write(%s state, StateWriter writer) {", name);
    for (VariableElement field : fields) {
      write(field);
    }
    out.line("}")
        .line("")
        .line("@Override")
        .line("public boolean read(%s state, String field, StateReader reader) {", name)
        .line("switch (field) {");
    for (VariableElement field : fields) {
      out.line("case %s -> %s", quote(field.getSimpleName().toString()), read(field));
    }
    out.line("default -> {")
        .line("return false;")
        .line("}")
        .line("}")
        .line(fields.isEmpty() ? "" : "return true;")
        .line("}")
        .line("}");
    return new KasuariProcessor.Unit(model.packageName(type), codec, out);
  }

  private void write(VariableElement field) throws Bad {
    String name = field.getSimpleName().toString();
    TypeMirror of = field.asType();
    TypeMirror item = itemOf(of);
    if (item != null && isState(item)) {
      String list = of.getKind() == TypeKind.ARRAY ? "java.util.List.of(state.%s)" : "state.%s";
      out.line("writer.put(%s, %s, %s);", quote(name), codec(item), list.formatted(name));
    } else if (isState(of)) {
      out.line("writer.put(%s, %s, state.%s);", quote(name), codec(of), name);
    } else {
      out.line("writer.put(%s, state.%s);", quote(name), name);
    }
  }

  private String read(VariableElement field) throws Bad {
    String name = field.getSimpleName().toString();
    boolean isFinal = field.getModifiers().contains(Modifier.FINAL);
    TypeMirror of = field.asType();
    TypeMirror item = itemOf(of);
    if (item != null) {
      return readSeveral(field, name, isFinal, item);
    }
    if (isState(of)) {
      remember(of);
      // Read in place, so that whoever holds the object sees the restored values.
      return "reader.into(%s, state.%s);".formatted(codec(of), name);
    }
    if (isFinal) {
      throw new Bad(field, "a final field of this type can never change and is no state");
    }
    if (Model.isEnum(of)) {
      return "state.%s = reader.constant(%s.values());".formatted(name, model.typeName(of));
    }
    if (model.is(of, "java.lang.String")) {
      return "state.%s = reader.text();".formatted(name);
    }
    if (of.getKind().isPrimitive()) {
      return "state.%s = reader.get%s();".formatted(name, capital(of.getKind()));
    }
    throw unsupported(field);
  }

  private String readSeveral(VariableElement field, String name, boolean isFinal, TypeMirror item)
      throws Bad {
    boolean array = field.asType().getKind() == TypeKind.ARRAY;
    if (array && item.getKind().isPrimitive()) {
      return isFinal
          ? "reader.into(state.%s);".formatted(name)
          : "state.%s = reader.get%ss();".formatted(name, capital(item.getKind()));
    }
    if (isState(item)) {
      remember(item);
      if (array && !isFinal) {
        throw new Bad(field, "an array of state objects is final, with its objects in it");
      }
      if (array) {
        return "reader.intoAll(%s, java.util.List.of(state.%s));".formatted(codec(item), name);
      }
      return "reader.list(%s, state.%s);".formatted(codec(item), name);
    }
    if (!array && model.is(item, "java.lang.Long")) {
      return "reader.longs(state.%s);".formatted(name);
    }
    if (!array && model.is(item, "java.lang.Integer")) {
      return "reader.ints(state.%s);".formatted(name);
    }
    throw unsupported(field);
  }

  private static Bad unsupported(VariableElement field) {
    return new Bad(
        field,
        "state of type "
            + field.asType()
            + ": use primitives, arrays of them, String, enums, static final state classes, and"
            + " arrays or Lists of these");
  }

  private @Nullable TypeMirror itemOf(TypeMirror of) {
    if (of instanceof ArrayType array) {
      return array.getComponentType();
    }
    return model.listItem(of);
  }

  private boolean isState(TypeMirror of) {
    TypeElement element = Model.element(of);
    return element != null
        && element.getKind() == ElementKind.CLASS
        && !model.packageName(element).startsWith("java.");
  }

  private void remember(TypeMirror of) {
    TypeElement element = Model.element(of);
    if (element != null && model.packageOf(element).equals(model.packageOf(type))) {
      inner.add(element);
    }
  }

  private String codec(TypeMirror of) throws Bad {
    TypeElement element = Model.element(of);
    if (element == null) {
      throw new Bad(type, of + " is not a class");
    }
    boolean elsewhere = !model.packageOf(element).equals(model.packageOf(type));
    if (elsewhere && Model.annotation(element, ANNOTATION) == null) {
      throw new Bad(type, of + " is state of another package: annotate it with @StateClass");
    }
    return model.packageName(element) + "." + codecName(element) + ".CODEC";
  }

  private static String capital(TypeKind kind) {
    String name = kind.name();
    return name.charAt(0) + name.substring(1).toLowerCase(java.util.Locale.ROOT);
  }
}
