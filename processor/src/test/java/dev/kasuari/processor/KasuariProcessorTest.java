package dev.kasuari.processor;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What cannot be generated from is an error at the declaration. What can is tested where used. */
@Tag("fast")
class KasuariProcessorTest {
  /** As much of the annotations as the processor looks at. */
  private static final List<JavaFileObject> STUBS =
      List.of(
          source(
              "dev.kasuari.qapi.Options",
              """
              package dev.kasuari.qapi;
              public @interface Options {
                String implied() default ""; String discriminator() default "";
                String branch() default "";
                @interface Default { String value(); }
                @interface Size { char unit() default 'B'; }
                @interface Range { long min() default 0; long max() default 9; }
              }\
              """),
          source(
              "dev.kasuari.machine.Device",
              "package dev.kasuari.machine; public abstract class Device<P, S> {}"),
          source(
              "dev.kasuari.machine.DeviceModel",
              """
              package dev.kasuari.machine;
              public @interface DeviceModel { String name(); Class<?> bus(); }\
              """),
          source(
              "dev.kasuari.machine.state.StateClass",
              """
              package dev.kasuari.machine.state;
              public @interface StateClass { int version() default 1; }\
              """));

  /** A declaration, and what is said of it. */
  private record Case(String code, String complaint) {}

  private static final List<Case> CASES =
      List.of(
          new Case(
              "@Options class X {}", "options are declared by a record or by a sealed interface"),
          new Case(
              "class Y { @Options private record X(int a) {} }",
              "a private type cannot declare options"),
          new Case(
              "@Options record X(@Options.Default(\"maybe\") boolean a) {}", "neither on nor off"),
          new Case(
              "@Options record X(@Options.Default(\"x\") int a) {}", "default 'x' is not a number"),
          new Case(
              "@Options record X(@Options.Default(\"99\") @Options.Range int a) {}",
              "outside the range"),
          new Case(
              "enum E { A_B } @Options record X(@Options.Default(\"a\") E a) {}",
              "none of the words of"),
          new Case("@Options record X(@Options.Default(\"x\") Object a) {}", "can have no default"),
          new Case(
              "@Options sealed interface X permits Y {} record Y() implements X {}",
              "names its discriminator"),
          new Case(
              "@Options(discriminator = \"d\") sealed interface X permits Y {} record Y() implements X {}",
              "must be an @Options record"),
          new Case("@StateClass class X {}", "a state class is static, final and not private"),
          new Case(
              "@StateClass final class X { private int a; }", "a private field cannot be saved"),
          new Case("@StateClass final class X { transient int a; }", "state is never transient"),
          new Case(
              "@StateClass final class X { final int a = 1; }", "can never change and is no state"),
          new Case("@StateClass final class X { Object a; }", "state of type java.lang.Object"),
          new Case("@StateClass final class X { int[][] a; }", "state of type int[][]"),
          new Case("@StateClass final class X { java.util.List<Object> a; }", "state of type"),
          new Case(
              "@DeviceModel(name = \"x\", bus = X.class) class X {}",
              "extends Device<Props, State>"),
          new Case(
              "@DeviceModel(name = \"x\", bus = X.class) class X extends Device<String, String> {}",
              "properties of a device are a record"));

  /** All in one run of the compiler, each in a package of its own, as a run takes its time. */
  @Test
  void complainsAtTheDeclaration() {
    var sources = new ArrayList<JavaFileObject>();
    for (Case bad : CASES) {
      String name = "p" + sources.size();
      String text =
          "package "
              + name
              + "; import dev.kasuari.machine.*; import dev.kasuari.machine.state.*;"
              + " import dev.kasuari.qapi.*; "
              + bad.code();
      sources.add(source(name + ".X", text));
    }
    var diagnostics = errors(sources);
    for (int i = 0; i < CASES.size(); i++) {
      JavaFileObject file = sources.get(i);
      assertThat(diagnostics)
          .as(CASES.get(i).code())
          .filteredOn(d -> file.equals(d.getSource()))
          .extracting(d -> d.getMessage(Locale.ROOT))
          .anyMatch(contains(CASES.get(i).complaint()));
    }
  }

  private static java.util.function.Predicate<String> contains(String complaint) {
    return message -> message.contains(complaint);
  }

  private static List<Diagnostic<? extends JavaFileObject>> errors(List<JavaFileObject> files) {
    var sources = new ArrayList<JavaFileObject>(STUBS);
    sources.addAll(files);
    var diagnostics = new DiagnosticCollector<JavaFileObject>();
    var task =
        ToolProvider.getSystemJavaCompiler()
            .getTask(null, null, diagnostics, List.of("-proc:only"), null, sources);
    task.setProcessors(List.of(new KasuariProcessor()));
    task.call();
    return diagnostics.getDiagnostics();
  }

  private static JavaFileObject source(String className, String text) {
    URI uri = URI.create("string:///" + className.replace('.', '/') + ".java");
    return new SimpleJavaFileObject(uri, JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return text;
      }
    };
  }
}
