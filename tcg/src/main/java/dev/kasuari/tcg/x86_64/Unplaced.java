package dev.kasuari.tcg.x86_64;

/** Code that {@link CodeSpace} has yet to find room for. */
interface Unplaced {
  /** Bytes. */
  int length();

  /**
   * Fills in what depends on where the code will be and on what it is called by.
   *
   * @return its bytes, and more behind them
   */
  byte[] place(long address, int number);

  /** The finished code. */
  X86Code finish(CodeSpace space, int number, long entry);
}
