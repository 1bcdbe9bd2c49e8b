package dev.kasuari.tcg.ir;

/**
 * Where a guest instruction lies in its unit, and what besides the program counter must be put back
 * when it traps.
 *
 * @param delta bytes from the unit's entry
 * @param length bytes
 * @param word what else the architecture wants back (IT state, a delay slot's flag); 0 for none
 * @param restartable its state may be written before its last trap, because running it again from
 *     that state is how the architecture resumes it (string and vector instructions)
 */
public record GuestInstruction(int delta, int length, long word, boolean restartable) {}
