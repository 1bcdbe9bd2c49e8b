package dev.kasuari.tcg;

import java.util.Arrays;

/**
 * Remembers pages, roughly: it never forgets one that was added until it is cleared, but may take
 * another one for it. A Bloom filter of two bits for each page.
 */
public final class PageFilter {
  private final int bitsLog2;
  private final int most;
  private final long[] words;
  private int bits;

  /**
   * @param bitsLog2 from 6 to 31: a filter of 2<sup>n</sup> bits is {@link #full} after 2<sup>n −
   *     4</sup> pages
   */
  public PageFilter(int bitsLog2) {
    this.bitsLog2 = bitsLog2;
    this.most = 1 << (bitsLog2 - 3);
    this.words = new long[1 << (bitsLog2 - 6)];
  }

  /** Fibonacci hashing: the pages of a guest differ in a few bits only. */
  private static long hash(long virtual) {
    return (virtual >>> 12) * 0x9e37_79b9_7f4a_7c15L;
  }

  private int first(long hash) {
    return (int) (hash >>> (Long.SIZE - bitsLog2));
  }

  private int second(long hash) {
    return (int) (hash >>> (Long.SIZE - 2 * bitsLog2)) & ((1 << bitsLog2) - 1);
  }

  /** Adds the page around an address. */
  public void add(long virtual) {
    long hash = hash(virtual);
    add(first(hash));
    add(second(hash));
  }

  private void add(int bit) {
    if (!has(bit)) {
      words[bit >> 6] |= 1L << bit;
      bits++;
    }
  }

  private boolean has(int bit) {
    return (words[bit >> 6] & 1L << bit) != 0;
  }

  /** False only if the page around an address was not added. */
  public boolean mayContain(long virtual) {
    long hash = hash(virtual);
    return has(first(hash)) && has(second(hash));
  }

  /**
   * Whether so many were added that it is time to begin anew, with what it is about: about one in
   * sixty of other pages is taken for one of these.
   */
  public boolean full() {
    return bits >= most;
  }

  /** Forgets all of them. */
  public void clear() {
    if (bits != 0) {
      Arrays.fill(words, 0);
      bits = 0;
    }
  }
}
