package dev.kasuari.guests;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs another program to its end and turns its failure into a message for people. */
final class Command {
  private static final int KEPT_LINES = 12;

  private Command() {}

  /** Where a program of this name is on {@code PATH}, or null. */
  static @Nullable Path find(String program, Map<String, String> environment) {
    String path = environment.getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin");
    // gpgv and apt-get live in /usr/bin everywhere; a stripped PATH must not hide them.
    for (String directory :
        (path + File.pathSeparator + "/usr/bin").split(File.pathSeparator, -1)) {
      Path candidate = Path.of(directory.isEmpty() ? "." : directory, program);
      if (Files.isExecutable(candidate) && !Files.isDirectory(candidate)) {
        return candidate.toAbsolutePath();
      }
    }
    return null;
  }

  /**
   * Runs a program and hands over every line it prints to either stream.
   *
   * @throws GuestException if it cannot be started or exits with anything but 0; the message ends
   *     with the last lines it printed
   */
  static void run(
      List<String> command, Map<String, String> environment, Path directory, Consumer<String> lines)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(resolved(command));
    builder.directory(directory.toFile()).redirectErrorStream(true);
    builder.environment().putAll(environment);
    builder.environment().put("LC_ALL", "C");
    builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
    List<String> kept = new ArrayList<>();
    Process process = builder.start();
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      process.getOutputStream().close();
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        lines.accept(line);
        remember(kept, line);
      }
      int status = process.waitFor();
      if (status != 0) {
        throw new GuestException(
            String.join(" ", command.subList(0, 1))
                + " failed with status "
                + status
                + ":\n  "
                + String.join("\n  ", kept));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GuestException("interrupted while waiting for " + command.getFirst(), e);
    } finally {
      process.destroy();
    }
  }

  private static List<String> resolved(List<String> command) throws GuestException {
    String name = command.getFirst();
    if (name.contains(File.separator)) {
      return command;
    }
    Path program = find(name, System.getenv());
    if (program == null) {
      throw new GuestException(name + " is not installed");
    }
    List<String> words = new ArrayList<>(command);
    words.set(0, program.toString());
    return words;
  }

  /** What a program prints, as one string. */
  static String output(List<String> command, Map<String, String> environment, Path directory)
      throws IOException {
    StringBuilder all = new StringBuilder();
    run(command, environment, directory, line -> all.append(line).append('\n'));
    return all.toString();
  }

  private static void remember(List<String> kept, String line) {
    if (line.startsWith("dlstatus:")) {
      return;
    }
    kept.add(line);
    if (kept.size() > KEPT_LINES) {
      kept.removeFirst();
    }
  }
}
