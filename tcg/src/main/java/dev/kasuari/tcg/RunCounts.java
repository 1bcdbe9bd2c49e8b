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

  /** The most that is counted. */
  static final int LARGEST = 127;

  private final byte[] counts = new byte[1 << SIZE_LOG2];
  private final int limit;
  private int units;

  /**
   * @param limit of runs before a unit is no longer cold, at most {@link #LARGEST}
   */
  RunCounts(int limit) {
    this.limit = limit;
  }

  /**
   * Counts a run of the unit at a RAM address.
   *
   * @return how often it was run before; if that is the limit, it is not cold
   */
  int count(long ramAddress) {
    int at = place(ramAddress);
    int before = counts[at];
    if (before < limit) {
      if (before == 0 && ++units > MOST) {
        Arrays.fill(counts, (byte) 0);
        units = 1;
      }
      counts[at]++;
    }
    return before;
  }

  /** From now on the unit is not cold. */
  void warm(long ramAddress) {
    counts[place(ramAddress)] = (byte) limit;
  }

  /** Fibonacci hashing: the addresses of a guest's code differ in a few bits only. */
  private static int place(long ramAddress) {
    return (int) ((ramAddress * 0x9e37_79b9_7f4a_7c15L) >>> (Long.SIZE - SIZE_LOG2));
  }
}
