package dev.kasuari.target.riscv.cpu;

/**
 * What stands in for M-mode software: it hears of every exception that would enter M-mode, so that
 * the guest's supervisor runs without any. All calls come on the hart's thread.
 */
public interface Firmware {
  /**
   * An exception that is not delegated. The program counter is that of the instruction.
   *
   * @return false to let it enter M-mode all the same
   */
  boolean exception(RiscvCpu hart, int cause, long value);

  /** The hart was reset; its registers have their architected reset values. */
  void reset(RiscvCpu hart);
}
