package dev.kasuari.it.random;

import dev.kasuari.target.riscv.cpu.TrapCause;

/**
 * A trap into M-mode, and all that led to it.
 *
 * @param retired instructions executed before it
 * @param path a digest of every unit entered so far, with its mode and what S-mode's traps have
 *     left, and of what the device was asked
 * @param registers a digest of all registers
 */
record Trap(long cause, long pc, long value, long status, long retired, long path, long registers) {
  @Override
  public String toString() {
    int number = (int) cause & 63;
    String name = cause < 0 ? TrapCause.interrupt(number) : TrapCause.exception(number);
    return "%s at pc 0x%x, value 0x%x, mstatus 0x%x, %d retired, path %016x, registers %016x"
        .formatted(name, pc, value, status, retired, path, registers);
  }
}
