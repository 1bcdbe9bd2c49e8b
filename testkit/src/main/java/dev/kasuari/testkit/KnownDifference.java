package dev.kasuari.testkit;

/** Where a disassembler differs from another one, and why. */
public interface KnownDifference {
  /**
   * Whether this is why the texts, which differ, do.
   *
   * @param pattern the name of the pattern that matches, or empty
   */
  boolean explains(int insn, String pattern, String ours, String theirs);
}
