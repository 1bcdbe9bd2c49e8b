package dev.kasuari.it;

/**
 * A place in a sequence that is being made.
 *
 * @param pattern of the instruction, or one of the constants
 * @param target whether others may jump there: not into the middle of a group
 * @param argument as the constants say; with a pattern of the base of a memory access, or −1
 */
record Slot(int pattern, boolean target, int argument) {
  /** Four bytes that are no instruction. */
  static final int ILLEGAL = -1;

  /** The flags are read into a register and cleared, so that each operation shows its own. */
  static final int TAKE_FLAGS = -2;

  /** The jump register becomes the address of something behind the slot {@code argument} later. */
  static final int JUMP_ADDRESS = -3;

  /** The instruction whose bits {@code argument} has. */
  static final int ENCODED = -4;
}
