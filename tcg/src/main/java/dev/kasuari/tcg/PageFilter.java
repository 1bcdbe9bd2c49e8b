package dev.kasuari.tcg;

import java.util.Arrays;

/**
 * Remembers pages, roughly: it never forgets one that was added until it is cleared, but may take
 * another one for it.
 */
public final class PageFilter {
  private static final int BITS = 1 << 15;

  private final long[] words = new long[BITS / Long.SIZE];

  private static int bit(long virtual) {
    // Fibonacci hashing: the pages of a guest differ in a few bits only.
    return (int) (((virtual >>> 12) * 0x9e37_79b9_7f4a_7c15L) >>> 49);
  }

  /** Adds the page around an address. */
  public void add(long virtual) {
    int bit = bit(virtual);
    words[bit >> 6] |= 1L << bit;
  }

  /** False only if the page around an address was not added. */
  public boolean mayContain(long virtual) {
    int bit = bit(virtual);
    return (words[bit >> 6] & 1L << bit) != 0;
  }

  public void clear() {
    Arrays.fill(words, 0);
  }
}
