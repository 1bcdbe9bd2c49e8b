package dev.kasuari.bench;

import dev.kasuari.qapi.OptionException;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A program that understands QEMU's command line.
 *
 * @param label short, for tables
 * @param version as the program itself says it
 * @param command the program and what comes before the options of a run
 */
record Emulator(String label, String version, List<String> command) {
  private static final Pattern QEMU = Pattern.compile("QEMU emulator version (\\d[\\w.]*).*");
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  Emulator {
    command = List.copyOf(command);
  }

  /**
   * Asks a program for its version.
   *
   * @param program a path, a name on {@code PATH}, or either as {@code LABEL=PROGRAM}
   * @param arguments what all of its runs are to be given
   * @throws OptionException if it cannot be run
   */
  static Emulator of(String option, String program, List<String> arguments, Execution execution) {
    int equals = program.indexOf('=');
    String named = equals > 0 ? program.substring(0, equals) : "";
    String path = find(option, program.substring(equals + 1));
    Outcome outcome = execution.run(List.of(path, "--version"), PATIENCE, null);
    String version = outcome.output().lines().findFirst().orElse("").strip();
    if (!outcome.succeeded() || version.isEmpty()) {
      throw new OptionException(
          option + " " + path + ": --version did not work: " + outcome.complaint());
    }
    Matcher qemu = QEMU.matcher(version);
    String label =
        qemu.matches() ? "qemu-" + qemu.group(1) : Path.of(path).getFileName().toString();
    var command = new ArrayList<String>();
    command.add(path);
    command.addAll(arguments);
    return new Emulator(named.isEmpty() ? label : named, version, command);
  }

  private static String find(String option, String program) {
    if (program.contains(File.separator)) {
      if (Files.isExecutable(Path.of(program))) {
        return program;
      }
      throw new OptionException(option + " " + program + ": no such program");
    }
    Path found = Programs.find(program);
    if (found == null) {
      throw new OptionException(option + " " + program + ": not found on PATH" + hint(program));
    }
    return found.toString();
  }

  private static String hint(String program) {
    return Stream.of(Target.values())
        .filter(t -> t.program("qemu").equals(program))
        .map(t -> "; Debian has it in " + t.qemuPackage)
        .findFirst()
        .orElse("");
  }
}
