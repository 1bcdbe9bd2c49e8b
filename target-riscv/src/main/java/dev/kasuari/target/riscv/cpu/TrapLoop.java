package dev.kasuari.target.riscv.cpu;

/**
 * Notices a handler whose first instruction raises the exception that it handles: the hart takes it
 * again and again and will do nothing else, which a person should hear of once.
 */
final class TrapLoop {
  private static final int ENOUGH = 3;

  private int cause;
  private long pc;
  private long value;
  private int count;

  /** After an exception was taken: a report when it is clear that it loops, otherwise empty. */
  String afterException(RiscvCpu cpu, int newCause, long epc, long newValue) {
    boolean atHandler = cpu.pc() == epc;
    boolean same = newCause == cause && epc == pc && newValue == value;
    cause = newCause;
    pc = epc;
    value = newValue;
    if (!atHandler) {
      count = 0;
      return "";
    }
    count = same ? count + 1 : 1;
    return count == ENOUGH
        ? "hart%d: loops in an exception: %s (value 0x%x) at its own handler, pc 0x%x in %s-mode"
            .formatted(
                cpu.index(), TrapCause.exception(cause), value, pc, Privilege.name(cpu.privilege()))
        : "";
  }

  void reset() {
    count = 0;
  }
}
