package dev.kasuari.machine;

import java.util.EnumSet;
import java.util.Set;

/** What {@code -d} can switch on. */
public enum LogCategory {
  IN_ASM("in_asm", "guest instructions of each unit as it is translated"),
  OP("op", "intermediate code before optimisation"),
  OP_OPT("op_opt", "intermediate code after optimisation"),
  OUT_ASM("out_asm", "host code of each unit"),
  INT("int", "interrupts and exceptions"),
  EXEC("exec", "each unit as it is entered (very long)"),
  CPU("cpu", "CPU registers before each unit (very long)"),
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

  /** The category of that name, or an empty set; {@code all} is all of them. */
  static Set<LogCategory> named(String name) {
    var found = EnumSet.noneOf(LogCategory.class);
    for (LogCategory category : values()) {
      if (name.equals("all") || category.option.equals(name)) {
        found.add(category);
      }
    }
    return found;
  }
}
