package dev.kasuari.processor;

import java.io.IOException;
import java.io.Writer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.ProcessingEnvironment;
import javax.annotation.processing.RoundEnvironment;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.Element;
import javax.lang.model.element.TypeElement;
import javax.tools.Diagnostic;
import javax.tools.StandardLocation;
import org.jspecify.annotations.Nullable;

/** Hands each annotated declaration to the generator of its kind. */
public final class KasuariProcessor extends AbstractProcessor {
  private static final String OPTIONS = Model.QAPI + "Options";
  private static final String DEVICE = Model.MACHINE + "DeviceModel";
  private static final String REGISTRY = Model.MACHINE + "DeviceRegistry";
  private static final String STATE = Model.MACHINE + "state.StateClass";

  private final Set<String> written = new HashSet<>();
  private @Nullable Model model;

  @Override
  public Set<String> getSupportedAnnotationTypes() {
    return Set.of(OPTIONS, DEVICE, REGISTRY, STATE);
  }

  @Override
  public SourceVersion getSupportedSourceVersion() {
    return SourceVersion.latestSupported();
  }

  @Override
  public synchronized void init(ProcessingEnvironment environment) {
    super.init(environment);
    model = new Model(environment);
  }

  @Override
  public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
    Model m = model;
    if (m == null || round.processingOver()) {
      return false;
    }
    for (TypeElement options : annotated(round, OPTIONS)) {
      attempt(() -> emit(options, OptionsGenerator.generate(m, options)));
    }
    for (TypeElement state : annotated(round, STATE)) {
      attempt(() -> states(m, state));
    }
    List<TypeElement> devices = annotated(round, DEVICE);
    for (TypeElement device : devices) {
      attempt(() -> device(m, device));
    }
    TypeElement registry = processingEnv.getElementUtils().getTypeElement(REGISTRY);
    if (registry != null) {
      for (Element place : round.getElementsAnnotatedWith(registry)) {
        attempt(() -> registry(m, place, devices));
      }
    }
    return false;
  }

  private void device(Model m, TypeElement device) throws Bad {
    var generator = new DeviceGenerator(m, device);
    TypeElement props = generator.props();
    if (Model.annotation(props, OPTIONS) == null) {
      emit(device, OptionsGenerator.generate(m, props));
    }
    states(m, generator.state());
    emit(device, generator.generate());
  }

  private void registry(Model m, Element place, List<TypeElement> devices) throws Bad {
    Unit unit = DeviceGenerator.registry(m, place, devices);
    emit(place, unit);
    service(place, Model.MACHINE + "DeviceSet", unit.packageName() + "." + unit.className());
  }

  /** Names a provider for those who have the module on their class path. */
  private void service(Element origin, String service, String provider) {
    String file = "META-INF/services/" + service;
    if (!written.add(file)) {
      return;
    }
    try (Writer out =
        processingEnv
            .getFiler()
            .createResource(StandardLocation.CLASS_OUTPUT, "", file, origin)
            .openWriter()) {
      out.write(provider + "\n");
    } catch (IOException e) {
      processingEnv
          .getMessager()
          .printMessage(Diagnostic.Kind.ERROR, "cannot write " + file + ": " + e, origin);
    }
  }

  /** The codec of a state class and of those inside it. */
  private void states(Model m, TypeElement state) throws Bad {
    Deque<TypeElement> open = new ArrayDeque<>(List.of(state));
    while (!open.isEmpty()) {
      TypeElement next = open.poll();
      var generator = new StateGenerator(m, next);
      emit(next, generator.generate());
      open.addAll(generator.inner());
    }
  }

  private List<TypeElement> annotated(RoundEnvironment round, String annotation) {
    TypeElement type = processingEnv.getElementUtils().getTypeElement(annotation);
    var out = new ArrayList<TypeElement>();
    if (type != null) {
      for (Element element : round.getElementsAnnotatedWith(type)) {
        if (element instanceof TypeElement t) {
          out.add(t);
        }
      }
    }
    return out;
  }

  /** Something that may find a declaration it cannot use. */
  @FunctionalInterface
  private interface Attempt {
    void run() throws Bad;
  }

  private void attempt(Attempt attempt) {
    try {
      attempt.run();
    } catch (Bad e) {
      processingEnv.getMessager().printMessage(Diagnostic.Kind.ERROR, e.getMessage(), e.element());
    }
  }

  /** A generated class. */
  record Unit(String packageName, String className, Source source) {}

  private void emit(Element origin, Unit unit) {
    String name = unit.packageName() + "." + unit.className();
    if (!written.add(name)) {
      return;
    }
    try (Writer out = processingEnv.getFiler().createSourceFile(name, origin).openWriter()) {
      out.write(unit.source().toString());
    } catch (IOException e) {
      processingEnv
          .getMessager()
          .printMessage(Diagnostic.Kind.ERROR, "cannot write " + name + ": " + e, origin);
    }
  }
}
