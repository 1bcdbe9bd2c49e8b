package dev.kasuari.block.bitmap;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A row of bits in pages, of which those without any set bit take no memory. Not for several
 * threads at once.
 */
public final class Bits {
  /** Bits of a page, as a power of two. */
  private static final int PAGE_BITS = 15;

  private static final int PAGE = 1 << PAGE_BITS;
  private static final int WORDS = PAGE / 64;

  private long[] @Nullable [] pages;
  private long length;

  /** As many bits, none of them set. */
  public Bits(long length) {
    this.length = length;
    pages = new long[pages(length)][];
  }

  private static int pages(long bits) {
    return Math.toIntExact((bits + PAGE - 1) >>> PAGE_BITS);
  }

  /** How many there are. */
  public long length() {
    return length;
  }

  /** More or fewer of them; new ones are clear. */
  public void resize(long bits) {
    if (bits < length) {
      clear(bits, length);
    }
    pages = Arrays.copyOf(pages, pages(bits));
    length = bits;
  }

  /** A bit. */
  public boolean get(long index) {
    long[] page = pages[(int) (index >>> PAGE_BITS)];
    return page != null && (page[word(index)] >>> index & 1) != 0;
  }

  private static int word(long index) {
    return (int) (index & (PAGE - 1)) >>> 6;
  }

  /** Sets bits. */
  public void set(long from, long to) {
    for (long at = from; at < to; ) {
      long end = Math.min(to, (at | 63) + 1);
      int number = (int) (at >>> PAGE_BITS);
      long[] page = pages[number];
      if (page == null) {
        page = new long[WORDS];
        pages[number] = page;
      }
      page[word(at)] |= mask(at, end);
      at = end;
    }
  }

  /** Clears bits. */
  public void clear(long from, long to) {
    for (long at = from; at < to; ) {
      int number = (int) (at >>> PAGE_BITS);
      long[] page = pages[number];
      long pageEnd = (number + 1L) << PAGE_BITS;
      if (page == null || ((at & (PAGE - 1)) == 0 && to >= pageEnd)) {
        pages[number] = null;
        at = pageEnd;
        continue;
      }
      long end = Math.min(to, (at | 63) + 1);
      page[word(at)] &= ~mask(at, end);
      at = end;
    }
  }

  /** The bits of one word from {@code from} to {@code to}, not empty. */
  private static long mask(long from, long to) {
    return -1L << from & -1L >>> -to;
  }

  /** The first bit of a value from {@code from} on, or {@link #length}. */
  public long next(long from, boolean value) {
    for (long at = from; at < length; ) {
      long[] page = pages[(int) (at >>> PAGE_BITS)];
      if (page == null) {
        if (!value) {
          return at;
        }
        at = ((at >>> PAGE_BITS) + 1) << PAGE_BITS;
        continue;
      }
      long word = page[word(at)];
      long left = (value ? word : ~word) & -1L << at;
      if (left != 0) {
        return Math.min(length, (at & -64) + Long.numberOfTrailingZeros(left));
      }
      at = (at | 63) + 1;
    }
    return length;
  }

  /** How many are set. */
  public long count() {
    long sum = 0;
    for (long[] page : pages) {
      if (page != null) {
        for (long word : page) {
          sum += Long.bitCount(word);
        }
      }
    }
    return sum;
  }

  /** A copy. */
  public Bits copy() {
    Bits copy = new Bits(length);
    for (int i = 0; i < pages.length; i++) {
      long[] page = pages[i];
      copy.pages[i] = page == null ? null : page.clone();
    }
    return copy;
  }

  /**
   * Copies bits from bytes, the lowest bit of each first.
   *
   * @param first the bit that the first byte begins with, a multiple of 8
   */
  public void load(long first, byte[] bytes) {
    for (int i = 0; i < bytes.length; i++) {
      int eight = bytes[i] & 0xff;
      long at = first + i * 8L;
      while (eight != 0) {
        int bit = Integer.numberOfTrailingZeros(eight);
        if (at + bit < length) {
          set(at + bit, at + bit + 1);
        }
        eight &= eight - 1;
      }
    }
  }

  /** Copies bits to bytes, the reverse of {@link #load}. */
  public void store(long first, byte[] bytes) {
    Arrays.fill(bytes, (byte) 0);
    long end = Math.min(length, first + bytes.length * 8L);
    for (long at = next(first, true); at < end; at = next(at + 1, true)) {
      int within = (int) (at - first);
      bytes[within >> 3] |= (byte) (1 << (within & 7));
    }
  }
}
