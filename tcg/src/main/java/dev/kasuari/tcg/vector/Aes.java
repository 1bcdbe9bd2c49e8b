package dev.kasuari.tcg.vector;

/** Steps of AES rounds on 16 bytes. Source: FIPS 197, and DDI 0487, C7.2 "AESD" to "AESMC". */
final class Aes {
  /** x⁸ + x⁴ + x³ + x + 1. */
  private static final int POLYNOMIAL = 0x11b;

  private static final int[] SUBSTITUTE = new int[256];
  private static final int[] RESTORE = new int[256];

  static {
    for (int i = 0; i < 256; i++) {
      int inverse = GaloisField.inverse(POLYNOMIAL, i);
      int box = 0x63;
      for (int turn = 0; turn < 5; turn++) {
        box ^= inverse << turn | inverse >> (8 - turn);
      }
      SUBSTITUTE[i] = box & 0xff;
      RESTORE[box & 0xff] = i;
    }
  }

  private Aes() {}

  /** AddRoundKey, ShiftRows, SubBytes. */
  static void encrypt(long[] x, long[] key, long[] to) {
    round(x, key, to, SUBSTITUTE, 1);
  }

  /** AddRoundKey, InvShiftRows, InvSubBytes. */
  static void decrypt(long[] x, long[] key, long[] to) {
    round(x, key, to, RESTORE, -1);
  }

  /** A row moves as many columns as its number. */
  private static void round(long[] x, long[] key, long[] to, int[] box, int direction) {
    for (int i = 0; i < to.length; i++) {
      int row = i % 4;
      int from = (i + 4 * row * direction) & 15;
      to[i] = box[(int) (x[from] ^ key[from]) & 0xff];
    }
  }

  static void mixColumns(long[] x, long[] to) {
    multiplyColumns(x, to, 2, 3, 1, 1);
  }

  static void inverseMixColumns(long[] x, long[] to) {
    multiplyColumns(x, to, 14, 11, 13, 9);
  }

  private static void multiplyColumns(long[] x, long[] to, int... factors) {
    for (int i = 0; i < to.length; i++) {
      for (int k = 0; k < factors.length; k++) {
        int below = (i & ~3) | ((i + k) & 3);
        to[i] ^= GaloisField.multiply(POLYNOMIAL, (int) x[below] & 0xff, factors[k]);
      }
    }
  }
}
