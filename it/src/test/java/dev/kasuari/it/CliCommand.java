package dev.kasuari.it;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line of Kasuari in a process of its own, from the class path of the tests. */
final class CliCommand {
  private CliCommand() {}

  /** With these words after its name. */
  static List<String> of(String... words) {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:PerMethodTrapLimit=0"));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("dev.kasuari.cli.Main");
    command.addAll(List.of(words));
    return command;
  }
}
