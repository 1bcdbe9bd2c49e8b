package dev.kasuari.cli;

import dev.kasuari.machine.LogCategory;
import dev.kasuari.vm.NotYet;
import java.util.List;
import java.util.Set;

/** What {@code -d} names. */
final class LogItems {
  private static final List<String> OTHERS =
      List.of(
          "op_ind",
          "op_plugin",
          "pcall",
          "page",
          "nochain",
          "plugin",
          "strace",
          "tid",
          "fpu",
          "vpu",
          "invalid_mem");

  private LogItems() {}

  /**
   * The categories of {@code a,b,c}.
   *
   * @throws dev.kasuari.qapi.OptionException if one is not there
   */
  static Set<LogCategory> parse(String text) {
    for (String item : text.split(",", -1)) {
      if (OTHERS.contains(item) || item.startsWith("trace:")) {
        throw NotYet.of("-d " + item, "log item");
      }
    }
    return LogCategory.parse(text);
  }

  /** What {@code -d help} prints. */
  static String help() {
    return "Log items, separated by commas, or all:" + System.lineSeparator() + LogCategory.help();
  }
}
