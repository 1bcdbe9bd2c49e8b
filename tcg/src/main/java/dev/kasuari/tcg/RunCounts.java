package dev.kasuari.tcg;

import java.util.Arrays;

/**
 * Which units are cold: how often each was run, roughly, by where it is in RAM. It may take one for
 * another, and forgets all when it has seen too many, so a unit may be cold for a while longer or
 * shorter than it should. Used by one vCPU.
 */
final class RunCounts {
  private static final int SIZE_LOG2 = 19;

  /** With more than that, too many units would share a count. */
  private static final int MOST = 1 << (SIZE_LOG2 - 2);

  private final byte[] counts = new byte[1 << SIZE_LOG2];
  private final int coldRuns;
  private int units;

  /**
   * @param coldRuns of a unit before it is no longer cold, at most 127
   */
  RunCounts(int coldRuns) {
    this.coldRuns = coldRuns;
  }

  /** Whether the unit at a RAM address, which is about to be run, is cold. */
  boolean isCold(long ramAddress) {
    // Fibonacci hashing: the addresses of a guest's code differ in a few bits only.
    int at = (int) ((ramAddress * 0x9e37_79b9_7f4a_7c15L) >>> (Long.SIZE - SIZE_LOG2));
    int before = counts[at];
    if (before == coldRuns) {
      return false;
    }
    if (before == 0 && ++units > MOST) {
      Arrays.fill(counts, (byte) 0);
      units = 1;
    }
    counts[at]++;
    return true;
  }
}
