package dev.kasuari.tcg;

/**
 * Why a back end came back to the vCPU loop: with the same meaning whether an interpreter returned
 * or machine code left through its exit record.
 */
public enum Exit {
  /** The next block is not at hand; the program counter is set. */
  LOOKUP,
  /** The poll word was set; the program counter is that of the block about to run. */
  POLL,
  /** The guest waits for an interrupt; the program counter is the next instruction's. */
  HALT,
  /** A single step or a breakpoint; the program counter is set. */
  DEBUG,
  /** An exception at the program counter; cause and value are in the context. */
  EXCEPTION
}
