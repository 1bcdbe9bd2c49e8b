package dev.kasuari.decode;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import javax.tools.ToolProvider;

/** An instruction set whose generated classes are compiled, without a warning, and loaded. */
final class CompiledIsa implements AutoCloseable {
  private final Isa isa;
  private final URLClassLoader loader;
  private boolean permits = true;

  CompiledIsa(Isa isa, Path directory) throws IOException {
    this(isa, directory, Map.of());
  }

  /** With classes written by hand, of which the key is the simple name. */
  CompiledIsa(Isa isa, Path directory, Map<String, String> written) throws IOException {
    Checks.check(isa);
    this.isa = isa;
    var files = new ArrayList<Path>();
    for (var source : written.entrySet()) {
      Path file = directory.resolve(source.getKey() + ".java");
      files.add(Files.writeString(file, source.getValue()));
    }
    for (var source : Generated.sources(isa).entrySet()) {
      Path file = directory.resolve(source.getKey() + ".java");
      Files.writeString(file, source.getValue());
      files.add(file);
    }
    var compiler = ToolProvider.getSystemJavaCompiler();
    try (var manager = compiler.getStandardFileManager(null, null, null)) {
      var messages = new StringWriter();
      var options = List.of("-Xlint:all", "-Werror", "-d", directory.toString(), "-proc:none");
      boolean compiled =
          compiler
              .getTask(
                  messages,
                  manager,
                  null,
                  options,
                  null,
                  manager.getJavaFileObjectsFromPaths(files))
              .call();
      assertThat(compiled).as(messages.toString()).isTrue();
    }
    loader = new URLClassLoader(new URL[] {directory.toUri().toURL()}, null);
  }

  Isa isa() {
    return isa;
  }

  /** The number of the pattern that matches, or -1. */
  int match(long insn, long features) {
    return (int) call("Decoder", "match", sized(insn), features);
  }

  /** From now on guards permit nothing. */
  void forbid() {
    permits = false;
  }

  /** The names of the methods that the decoder called, with their arguments; empty if none. */
  List<Object> decode(long insn, long features) {
    var calls = new ArrayList<Object>();
    var visitor =
        Proxy.newProxyInstance(
            loader,
            new Class<?>[] {load("Instructions")},
            (proxy, method, arguments) -> {
              calls.add(method.getName());
              calls.addAll(List.of(arguments).subList(1, arguments.length));
              return method.getReturnType() == boolean.class ? permits : null;
            });
    boolean decoded =
        (boolean) call("Decoder", "decode", sized(insn), features, "context", visitor);
    assertThat(decoded).isEqualTo(!calls.isEmpty());
    return calls;
  }

  String disassemble(long pc, long insn, long features, boolean aliases) {
    return (String) call("Disassembler", "disassemble", pc, sized(insn), features, aliases);
  }

  long encode(String method, Object... operands) {
    return ((Number) call("Encoder", method, operands)).longValue();
  }

  /** A random instruction of a pattern. */
  long random(RandomGenerator random, long features, int pattern) {
    try {
      var constructor = load("Generator").getConstructor(RandomGenerator.class, long.class);
      var generator = constructor.newInstance(random, features);
      Method encode = generator.getClass().getMethod("encode", int.class);
      return ((Number) encode.invoke(generator, pattern)).longValue();
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /**
   * Calls a static method of a generated class; the exception that it throws comes out as it is.
   */
  Object call(String generated, String name, Object... arguments) {
    Method method =
        Arrays.stream(load(generated).getDeclaredMethods())
            .filter(m -> m.getName().equals(name) && m.getParameterCount() == arguments.length)
            .findFirst()
            .orElseThrow(() -> new AssertionError("no method " + name));
    try {
      return method.invoke(null, arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new AssertionError(e);
    } catch (IllegalAccessException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private Object sized(long insn) {
    if (isa.type().equals("int")) {
      return (int) insn;
    }
    return insn;
  }

  private Class<?> load(String generated) {
    try {
      return loader.loadClass(isa.javaPackage() + "." + isa.name() + generated);
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() throws IOException {
    loader.close();
  }
}
