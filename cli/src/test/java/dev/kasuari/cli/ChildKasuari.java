package dev.kasuari.cli;

import dev.kasuari.testkit.ConsoleProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The system emulator in a process of its own, with pipes for standard input and output. */
final class ChildKasuari {
  private static final int SECONDS = 100;

  private ChildKasuari() {}

  static ConsoleProcess start(String... options) throws IOException {
    return ConsoleProcess.start(command(options), SECONDS);
  }

  /** Without what the superuser may do and others may not. */
  static ConsoleProcess startWithoutPrivileges(String... options) throws IOException {
    var command = new ArrayList<String>();
    if ("root".equals(System.getProperty("user.name"))) {
      command.addAll(List.of("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"));
    }
    command.addAll(command(options));
    return ConsoleProcess.start(command, SECONDS);
  }

  private static List<String> command(String... options) {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "--enable-native-access=dev.kasuari.host"));
    command.addAll(List.of("--module-path", modulePath()));
    command.addAll(List.of("--module", "dev.kasuari.cli/dev.kasuari.cli.Main"));
    command.addAll(List.of("system", "riscv64", "-nographic", "-m", "16M"));
    command.addAll(List.of(options));
    return command;
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
}
