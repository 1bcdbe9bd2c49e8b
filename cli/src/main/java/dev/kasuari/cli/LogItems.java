package dev.kasuari.cli;

import dev.kasuari.machine.LogCategory;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.vm.NotYet;
import java.util.ArrayList;
import java.util.EnumSet;
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
   * @throws OptionException if one is not there
   */
  static Set<LogCategory> parse(String text) {
    var found = EnumSet.noneOf(LogCategory.class);
    for (String item : text.split(",", -1)) {
      if (item.equals("all")) {
        found.addAll(EnumSet.allOf(LogCategory.class));
      } else {
        found.add(category(item));
      }
    }
    return found;
  }

  private static LogCategory category(String item) {
    var names = new ArrayList<String>();
    for (LogCategory category : LogCategory.values()) {
      if (category.option().equals(item)) {
        return category;
      }
      names.add(category.option());
    }
    if (OTHERS.contains(item) || item.startsWith("trace:")) {
      throw NotYet.of("-d " + item, "log item");
    }
    throw new OptionException("-d " + item + ": no such log item" + Nearest.hint(item, names));
  }

  /** What {@code -d help} prints. */
  static String help() {
    var out = new StringBuilder("Log items, separated by commas:" + System.lineSeparator());
    for (LogCategory category : LogCategory.values()) {
      out.append(String.format("  %-14s %s%n", category.option(), category.doc()));
    }
    return out.append(String.format("  %-14s %s%n", "all", "all of these")).toString();
  }
}
