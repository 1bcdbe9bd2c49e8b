package dev.kasuari.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The system emulator in a process of its own, with pipes for standard input and output. */
final class ChildKasuari implements AutoCloseable {
  private static final int SECONDS = 100;

  private final Process process;
  private final Thread reader;
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();

  ChildKasuari(String... options) throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "--enable-native-access=dev.kasuari.host"));
    command.addAll(List.of("--module-path", modulePath()));
    command.addAll(List.of("--module", "dev.kasuari.cli/dev.kasuari.cli.Main"));
    command.addAll(List.of("system", "riscv64", "-nographic", "-m", "16M"));
    command.addAll(List.of(options));
    process = new ProcessBuilder(command).redirectErrorStream(true).start();
    reader = Thread.ofPlatform().daemon(true).start(this::read);
  }

  /** Where the modules are that run now, without those of the JDK. */
  private static String modulePath() {
    return Main.class.getModule().getLayer().configuration().modules().stream()
        .flatMap(m -> m.reference().location().stream())
        .filter(l -> l.getScheme().equals("file"))
        .map(l -> Path.of(l).toString())
        .distinct()
        .collect(Collectors.joining(":"));
  }

  private void read() {
    try (InputStream in = process.getInputStream()) {
      for (int c = in.read(); c >= 0; c = in.read()) {
        synchronized (output) {
          output.write(c);
          output.notifyAll();
        }
      }
    } catch (IOException e) {
      // It was killed; what came until then is there.
    }
  }

  String output() {
    synchronized (output) {
      return output.toString(StandardCharsets.UTF_8);
    }
  }

  /** Waits until it has printed a text. */
  void awaitOutput(String text) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    synchronized (output) {
      while (!output().contains(text)) {
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (left <= 0) {
          throw new AssertionError("no '" + text + "' in: " + output());
        }
        output.wait(left);
      }
    }
  }

  void type(String text) throws IOException {
    process.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
  }

  /** Waits for its end. */
  int exitCode() throws InterruptedException {
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("it has not ended; output: " + output());
    }
    reader.join();
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
