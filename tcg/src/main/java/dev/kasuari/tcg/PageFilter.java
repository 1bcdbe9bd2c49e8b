package dev.kasuari.tcg;

import java.util.Arrays;

/**
 * Remembers pages, roughly: it never forgets one that was added until it is cleared, but may take
 * another one for it.
 */
public final class PageFilter {
  private static final int BITS = 4096;

  private final long[] words = new long[BITS / Long.SIZE];

  private static int bit(long virtual) {
    return (int) (virtual >>> 12 ^ virtual >>> 24) & (BITS - 1);
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
