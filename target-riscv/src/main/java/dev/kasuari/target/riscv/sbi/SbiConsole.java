package dev.kasuari.target.riscv.sbi;

/** Where the debug console leads. Called on the threads of harts, without the machine's lock. */
public interface SbiConsole {
  /**
   * Takes bytes to show, from the first on.
   *
   * @return how many it took, 0 to all of them; it does not wait
   */
  int write(byte[] bytes);

  /** The next byte of input, 0 to 255, or −1 if there is none now. */
  int read();
}
