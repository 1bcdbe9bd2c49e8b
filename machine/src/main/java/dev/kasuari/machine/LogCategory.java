package dev.kasuari.machine;

import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Set;

/** What {@code -d} can switch on. */
public enum LogCategory {
  IN_ASM("in_asm", "guest instructions of each unit as it is translated"),
  OP("op", "intermediate code of each unit"),
  OP_OPT("op_opt", "intermediate code of each unit as it was compiled, optimised"),
  OUT_ASM("out_asm", "machine code of each unit, disassembled if there is objdump"),
  INT("int", "interrupts and exceptions"),
  EXEC("exec", "each unit as it is entered (very long)"),
  CPU("cpu", "CPU registers before each unit (very long)"),
  VECTOR_OPS("vector_ops", "at the end, how often each vector operation was done in Java"),
  MMU("mmu", "page walks and TLB flushes"),
  CPU_RESET("cpu_reset", "CPU registers at reset"),
  UNIMP("unimp", "what the guest asked for and is not there yet"),
  GUEST_ERRORS("guest_errors", "what the guest did that its manuals forbid"),
  REGISTERS("registers", "device registers by name, as they are read and written"),
  DEVICE("device", "what devices have to say");

  private final String option;
  private final String doc;

  LogCategory(String option, String doc) {
    this.option = option;
    this.doc = doc;
  }

  /** The name that {@code -d} takes. */
  public String option() {
    return option;
  }

  /** A line for {@code -d help}. */
  public String doc() {
    return doc;
  }

  /**
   * The categories that {@code -d} was given: names with commas between, or {@code all}.
   *
   * @throws OptionException with the nearest name if one is not known
   */
  public static Set<LogCategory> parse(String text) {
    var found = EnumSet.noneOf(LogCategory.class);
    for (String name : text.split(",", -1)) {
      if (name.equals("all")) {
        return EnumSet.allOf(LogCategory.class);
      }
      found.add(named(name));
    }
    return found;
  }

  /** What {@code -d help} prints. */
  public static String help() {
    var out = new StringBuilder();
    for (LogCategory category : values()) {
      out.append("  %-14s %s%n".formatted(category.option, category.doc));
    }
    return out.toString();
  }

  private static LogCategory named(String name) {
    var names = new ArrayList<String>();
    for (LogCategory category : values()) {
      if (category.option.equals(name)) {
        return category;
      }
      names.add(category.option);
    }
    throw new OptionException("-d: unknown log item '" + name + "'" + Nearest.hint(name, names));
  }
}
