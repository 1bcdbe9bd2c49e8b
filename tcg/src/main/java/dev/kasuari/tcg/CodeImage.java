package dev.kasuari.tcg;

import java.util.Arrays;

/**
 * A unit's code as it can be put somewhere else, in another run too: numbers, and the host's
 * instructions. Only the back end that made it knows what they mean. Filled in one order and taken
 * apart in the same one; used again for one unit after another.
 */
public final class CodeImage {
  private int[] words = new int[256];
  private int count;
  private int next;
  private byte[] code = new byte[4096];
  private int codeBytes;

  /** Forgets all. */
  public void clear() {
    count = 0;
    next = 0;
    codeBytes = 0;
  }

  /** Whether nothing is in it: the unit's code means something in this run only. */
  public boolean isEmpty() {
    return count == 0;
  }

  // ---- filling ---------------------------------------------------------------------------------

  public void add(int word) {
    words(count + 1)[count++] = word;
  }

  public void add(long value) {
    add((int) value);
    add((int) (value >> 32));
  }

  /** How many, and then the first so many of an array. */
  public void add(int[] values, int length) {
    add(length);
    System.arraycopy(values, 0, words(count + length), count, length);
    count += length;
  }

  /** How many, and then the first so many of an array. */
  public void add(long[] values, int length) {
    add(length);
    for (int i = 0; i < length; i++) {
      add(values[i]);
    }
  }

  /** The host's instructions. */
  public void code(byte[] from, int length) {
    System.arraycopy(from, 0, code(length), 0, length);
  }

  // ---- taking apart ----------------------------------------------------------------------------

  /** Begins with the first number. */
  public void rewind() {
    next = 0;
  }

  public int nextInt() {
    if (next == count) {
      throw new IllegalStateException("a unit's image that ends too early");
    }
    return words[next++];
  }

  public long nextLong() {
    return Integer.toUnsignedLong(nextInt()) | (long) nextInt() << 32;
  }

  /** As {@link #add(int[], int)} put them in. */
  public int[] nextInts() {
    int length = nextInt();
    next += length;
    return Arrays.copyOfRange(words, next - length, next);
  }

  /** As {@link #add(long[], int)} put them in. */
  public long[] nextLongs() {
    long[] values = new long[nextInt()];
    for (int i = 0; i < values.length; i++) {
      values[i] = nextLong();
    }
    return values;
  }

  // ---- as a whole ------------------------------------------------------------------------------

  /** The numbers; the first {@link #count} count. */
  int[] words() {
    return words;
  }

  int count() {
    return count;
  }

  /** The host's instructions; the first {@link #codeBytes} count. */
  public byte[] code() {
    return code;
  }

  public int codeBytes() {
    return codeBytes;
  }

  /** Room for so many numbers, which are there from now on. */
  int[] expect(int wanted) {
    clear();
    count = wanted;
    return words(wanted);
  }

  /** Room for so many bytes of code, which are there from now on. */
  byte[] code(int length) {
    if (code.length < length) {
      code = new byte[2 * length];
    }
    codeBytes = length;
    return code;
  }

  private int[] words(int wanted) {
    if (words.length < wanted) {
      words = Arrays.copyOf(words, 2 * wanted);
    }
    return words;
  }

  /** Whether both hold the same. */
  boolean same(CodeImage other) {
    return Arrays.equals(words, 0, count, other.words, 0, other.count)
        && Arrays.equals(code, 0, codeBytes, other.code, 0, other.codeBytes);
  }
}
