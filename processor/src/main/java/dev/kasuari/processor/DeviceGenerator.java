package dev.kasuari.processor;

import static dev.kasuari.processor.Source.quote;

import java.util.List;
import java.util.StringJoiner;
import javax.lang.model.element.AnnotationMirror;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.TypeMirror;
import org.jspecify.annotations.Nullable;

/** The device type of one {@code @DeviceModel} class, and a module's list of them. */
final class DeviceGenerator {
  private static final String DEVICE = Model.MACHINE + "Device";

  private final Model model;
  private final TypeElement device;
  private final TypeElement props;
  private final TypeElement state;

  DeviceGenerator(Model model, TypeElement device) throws Bad {
    this.model = model;
    this.device = device;
    List<? extends TypeMirror> arguments = model.argumentsOf(device.asType(), DEVICE);
    if (arguments == null || arguments.size() != 2) {
      throw new Bad(device, "a @DeviceModel extends Device<Props, State>");
    }
    if (device.getModifiers().contains(Modifier.ABSTRACT)) {
      throw new Bad(device, "an abstract class is no device model; annotate what extends it");
    }
    props = argument(arguments.getFirst());
    state = argument(arguments.getLast());
    if (props.getKind() != ElementKind.RECORD) {
      throw new Bad(device, "the properties of a device are a record");
    }
  }

  private TypeElement argument(TypeMirror type) throws Bad {
    TypeElement element = Model.element(type);
    if (element == null) {
      throw new Bad(device, "Device<Props, State> names its record and its state class");
    }
    return element;
  }

  TypeElement props() {
    return props;
  }

  TypeElement state() {
    return state;
  }

  KasuariProcessor.Unit generate() throws Bad {
    AnnotationMirror annotation = Model.annotation(device, Model.MACHINE + "DeviceModel");
    if (annotation == null) {
      throw new Bad(device, "no @DeviceModel");
    }
    String packageName = model.packageName(device);
    String name = device.getQualifiedName().toString();
    String type = typeName(device);
    var out = new Source();
    out.line("package %s;", packageName)
        .line("")
        .line("import dev.kasuari.machine.DeviceType;")
        .line("")
        .line("/** Describes and makes {@link %s}. */", name)
        .line(
            "%sfinal class %s extends DeviceType<%s, %s, %s> {",
            Model.visibility(device),
            type,
            props.getQualifiedName(),
            state.getQualifiedName(),
            name)
        .line("/** The one description. */")
        .line("public static final %1$s TYPE = new %1$s();", type)
        .line("")
        .line("private %s() {", type)
        .line("super(")
        .line("    %s,", quote(model.text(annotation, "name")))
        .line("    %s,", busClass(annotation))
        .line("    %s,", quote(model.firstSentence(device)))
        .line("    %s,", OptionsGenerator.codecOf(model, props))
        .line("    %s.%s.CODEC);", model.packageName(state), StateGenerator.codecName(state))
        .line("}")
        .line("")
        .line("@Override")
        .line("protected %s instantiate() {", name)
        .line("return new %s();", name)
        .line("}")
        .line("}");
    return new KasuariProcessor.Unit(packageName, type, out);
  }

  private String busClass(AnnotationMirror annotation) {
    return model.typeName((TypeMirror) model.member(annotation, "bus")) + ".class";
  }

  private static String typeName(TypeElement device) {
    return Model.flatName(device) + "Type";
  }

  /** The class that lists all device types of the module. */
  static KasuariProcessor.Unit registry(Model model, Element place, List<TypeElement> devices)
      throws Bad {
    @Nullable AnnotationMirror annotation =
        Model.annotation(place, Model.MACHINE + "DeviceRegistry");
    if (annotation == null) {
      throw new Bad(place, "no @DeviceRegistry");
    }
    String packageName = model.packageName(place);
    String name = model.text(annotation, "value");
    var types = new StringJoiner(",\n        ");
    devices.stream()
        .map(d -> model.packageName(d) + "." + typeName(d) + ".TYPE")
        .sorted()
        .forEach(types::add);
    var out = new Source();
    out.line("package %s;", packageName)
        .line("")
        .line("import dev.kasuari.machine.DeviceSet;")
        .line("import dev.kasuari.machine.DeviceType;")
        .line("import java.util.List;")
        .line("")
        .line("/** The device models of this module. */")
        .line("public final class %s implements DeviceSet {", name)
        .line("@Override")
        .line("public List<DeviceType<?, ?, ?>> types() {")
        .line("return List.of(\n        %s);", types)
        .line("}")
        .line("}");
    return new KasuariProcessor.Unit(packageName, name, out);
  }
}
