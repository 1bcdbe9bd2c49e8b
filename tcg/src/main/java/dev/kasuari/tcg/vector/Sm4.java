package dev.kasuari.tcg.vector;

/** Rounds of SM4. Source: GB/T 32907-2016, and DDI 0487, C7.2 "SM4E", "SM4EKEY". */
final class Sm4 {
  /** x⁸ + x⁷ + x⁶ + x⁵ + x⁴ + x² + 1. */
  private static final int POLYNOMIAL = 0x1f5;

  /** The inverse between two applications of one affine map. */
  private static final int[] SUBSTITUTE = new int[256];

  static {
    for (int i = 0; i < 256; i++) {
      SUBSTITUTE[i] = affine(GaloisField.inverse(POLYNOMIAL, affine(i)));
    }
  }

  private Sm4() {}

  private static int affine(int x) {
    int result = 0xd3;
    for (int bit = 0; bit < 8; bit++) {
      int row = 0xa7 << bit | 0xa7 >> (8 - bit);
      result ^= (Integer.bitCount(x & row) & 1) << bit;
    }
    return result;
  }

  private static int substitute(int word) {
    int result = 0;
    for (int at = 0; at < 32; at += 8) {
      result |= SUBSTITUTE[word >>> at & 0xff] << at;
    }
    return result;
  }

  /**
   * Four rounds, of the cipher or of its key schedule.
   *
   * @param keys for each round its key, or the constant of the schedule
   */
  static int[] rounds(int[] x, int[] keys, boolean schedule) {
    int[] words = x.clone();
    for (int round = 0; round < 4; round++) {
      int mixed = substitute(words[1] ^ words[2] ^ words[3] ^ keys[round]);
      int next = words[0] ^ (schedule ? spreadKey(mixed) : spread(mixed));
      System.arraycopy(words, 1, words, 0, 3);
      words[3] = next;
    }
    return words;
  }

  private static int spread(int x) {
    return x
        ^ Integer.rotateLeft(x, 2)
        ^ Integer.rotateLeft(x, 10)
        ^ Integer.rotateLeft(x, 18)
        ^ Integer.rotateLeft(x, 24);
  }

  private static int spreadKey(int x) {
    return x ^ Integer.rotateLeft(x, 13) ^ Integer.rotateLeft(x, 23);
  }
}
