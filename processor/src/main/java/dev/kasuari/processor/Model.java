package dev.kasuari.processor;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.annotation.processing.ProcessingEnvironment;
import javax.lang.model.AnnotatedConstruct;
import javax.lang.model.element.AnnotationMirror;
import javax.lang.model.element.AnnotationValue;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.PackageElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.TypeKind;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.Elements;
import javax.lang.model.util.Types;
import org.jspecify.annotations.Nullable;

/** Questions to the compiler's model. */
final class Model {
  static final String QAPI = "dev.kasuari.qapi.";
  static final String MACHINE = "dev.kasuari.machine.";

  private final Elements elements;
  private final Types types;

  Model(ProcessingEnvironment environment) {
    elements = environment.getElementUtils();
    types = environment.getTypeUtils();
  }

  PackageElement packageOf(Element element) {
    return elements.getPackageOf(element);
  }

  String packageName(Element element) {
    return packageOf(element).getQualifiedName().toString();
  }

  /** The name with all enclosing classes: {@code GoldfishRtcProps}. */
  static String flatName(TypeElement type) {
    Element outer = type.getEnclosingElement();
    String prefix = outer instanceof TypeElement t ? flatName(t) : "";
    return prefix + type.getSimpleName();
  }

  /** {@code public } if every class around it and itself is, else nothing. */
  static String visibility(TypeElement type) {
    Element outer = type.getEnclosingElement();
    boolean inInterface = outer != null && outer.getKind().isInterface();
    if (!type.getModifiers().contains(Modifier.PUBLIC) && !inInterface) {
      return "";
    }
    return outer instanceof TypeElement t ? visibility(t) : "public ";
  }

  /** The type as it is written in source, without annotations. */
  String typeName(TypeMirror type) {
    if (type instanceof DeclaredType declared && declared.asElement() instanceof TypeElement t) {
      String arguments =
          String.join(", ", declared.getTypeArguments().stream().map(this::typeName).toList());
      return t.getQualifiedName() + (arguments.isEmpty() ? "" : "<" + arguments + ">");
    }
    return types.erasure(type).toString();
  }

  static @Nullable TypeElement element(TypeMirror type) {
    return type instanceof DeclaredType declared && declared.asElement() instanceof TypeElement t
        ? t
        : null;
  }

  boolean is(TypeMirror type, String name) {
    TypeElement element = element(type);
    return element != null && element.getQualifiedName().contentEquals(name);
  }

  static boolean isEnum(TypeMirror type) {
    TypeElement element = element(type);
    return element != null && element.getKind() == ElementKind.ENUM;
  }

  /** The item type of a {@code List}, or null. */
  @Nullable TypeMirror listItem(TypeMirror type) {
    return is(type, "java.util.List") && ((DeclaredType) type).getTypeArguments().size() == 1
        ? ((DeclaredType) type).getTypeArguments().getFirst()
        : null;
  }

  /** The primitive behind {@code Integer} and its kin, or the kind itself. */
  TypeKind unboxed(TypeMirror type) {
    if (type.getKind().isPrimitive()) {
      return type.getKind();
    }
    TypeElement element = element(type);
    if (element == null) {
      return type.getKind();
    }
    return switch (element.getQualifiedName().toString()) {
      case "java.lang.Boolean" -> TypeKind.BOOLEAN;
      case "java.lang.Integer" -> TypeKind.INT;
      case "java.lang.Long" -> TypeKind.LONG;
      case "java.lang.Double" -> TypeKind.DOUBLE;
      default -> type.getKind();
    };
  }

  /** The arguments that {@code type} gives to its generic ancestor {@code ancestor}, or null. */
  @Nullable List<? extends TypeMirror> argumentsOf(TypeMirror type, String ancestor) {
    if (is(type, ancestor)) {
      return ((DeclaredType) type).getTypeArguments();
    }
    for (TypeMirror parent : types.directSupertypes(type)) {
      List<? extends TypeMirror> found = argumentsOf(parent, ancestor);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  static @Nullable AnnotationMirror annotation(AnnotatedConstruct construct, String name) {
    for (AnnotationMirror mirror : construct.getAnnotationMirrors()) {
      if (mirror.getAnnotationType().asElement() instanceof TypeElement t
          && t.getQualifiedName().contentEquals(name)) {
        return mirror;
      }
    }
    return null;
  }

  static boolean isNullable(TypeMirror type) {
    return annotation(type, "org.jspecify.annotations.Nullable") != null;
  }

  /** A member of an annotation, with its default. */
  Object member(AnnotationMirror annotation, String name) {
    for (Map.Entry<? extends ExecutableElement, ? extends AnnotationValue> entry :
        elements.getElementValuesWithDefaults(annotation).entrySet()) {
      if (entry.getKey().getSimpleName().contentEquals(name)) {
        return entry.getValue().getValue();
      }
    }
    throw new IllegalStateException("no member " + name);
  }

  String text(AnnotationMirror annotation, String name) {
    return member(annotation, name).toString();
  }

  /** The first sentence of the Javadoc in one line, or empty. */
  String firstSentence(Element element) {
    String comment = elements.getDocComment(element);
    return comment == null ? "" : sentence(mainPart(comment));
  }

  /** The text that a record's Javadoc gives to a component, or empty. */
  String parameterText(Element record, String name) {
    String comment = elements.getDocComment(record);
    if (comment == null) {
      return "";
    }
    var out = new StringBuilder();
    boolean inside = false;
    for (String line : comment.split("\n", -1)) {
      String trimmed = line.strip();
      if (trimmed.startsWith("@")) {
        inside = trimmed.startsWith("@param " + name + " ");
        trimmed = inside ? trimmed.substring(("@param " + name).length()).strip() : trimmed;
      }
      if (inside) {
        out.append(out.isEmpty() ? "" : " ").append(trimmed);
      }
    }
    return plain(out.toString());
  }

  private static String mainPart(String comment) {
    var out = new StringBuilder();
    for (String line : comment.split("\n", -1)) {
      if (line.strip().startsWith("@") || line.strip().startsWith("<p>")) {
        break;
      }
      out.append(line.strip()).append(' ');
    }
    return plain(out.toString());
  }

  private static String sentence(String text) {
    int end = text.indexOf(". ");
    return (end < 0 ? text : text.substring(0, end)).replaceAll("\\.$", "");
  }

  /** Without Javadoc's tags and line breaks. */
  private static String plain(String text) {
    return text.replaceAll("\\{@\\w+ ([^}]*)}", "$1")
        .replaceAll("<[^>]*>", "")
        .replaceAll("\\s+", " ")
        .strip();
  }

  /** {@code bootIndex}, {@code BootIndex} and {@code BOOT_INDEX} as {@code boot-index}. */
  static String hyphens(String javaName) {
    if (javaName.equals(javaName.toUpperCase(Locale.ROOT))) {
      return javaName.toLowerCase(Locale.ROOT).replace('_', '-');
    }
    return javaName.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
  }

  static List<Element> constants(TypeElement type) {
    var out = new ArrayList<Element>();
    for (Element e : type.getEnclosedElements()) {
      if (e.getKind() == ElementKind.ENUM_CONSTANT) {
        out.add(e);
      }
    }
    return out;
  }
}
