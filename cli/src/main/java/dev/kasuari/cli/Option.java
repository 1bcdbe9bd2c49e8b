package dev.kasuari.cli;

import java.util.List;
import java.util.function.BiConsumer;

/**
 * An option of the system emulators.
 *
 * @param section of the help text
 * @param names without dashes, the one to be shown first
 * @param argument its shape, for people; empty for an option without
 * @param doc a line, or several
 * @param meaning what it does with its argument, which is empty for an option without
 */
record Option(
    Section section,
    List<String> names,
    String argument,
    String doc,
    BiConsumer<SystemArguments, String> meaning) {
  /** The parts of the help text. */
  enum Section {
    STANDARD("Standard options"),
    BLOCK("Disks"),
    NETWORK("Network"),
    DISPLAY("Display and serial ports"),
    BOOT("Booting"),
    EXPERT("For debugging and experts");

    private final String title;

    Section(String title) {
      this.title = title;
    }

    String title() {
      return title;
    }
  }

  boolean takesArgument() {
    return !argument.isEmpty();
  }

  String name() {
    return names.getFirst();
  }

  /** How it is written. */
  String usage() {
    String all = "-" + String.join(", -", names);
    return takesArgument() ? all + " " + argument : all;
  }
}
