package dev.kasuari.tcg.vector;

/** Steps of SM3. Source: GB/T 32905-2016, and DDI 0487, C7.2 "SM3PARTW1" to "SM3TT2B". */
final class Sm3 {
  private Sm3() {}

  /** SS1: the state, the constant and E. */
  static int[] shared(int[] a, int[] constant, int[] e) {
    int sum = Integer.rotateLeft(a[3], 12) + constant[3] + e[3];
    return new int[] {0, 0, 0, Integer.rotateLeft(sum, 7)};
  }

  /** The half of a round that makes A. */
  static int[] first(boolean early, int[] x, int[] ss1, int w) {
    int mixed = early ? x[1] ^ x[2] ^ x[3] : (x[3] & x[1]) | (x[3] & x[2]) | (x[1] & x[2]);
    int tt = mixed + x[0] + (ss1[3] ^ Integer.rotateLeft(x[3], 12)) + w;
    return new int[] {x[1], Integer.rotateLeft(x[2], 9), x[3], tt};
  }

  /** The half of a round that makes E. */
  static int[] second(boolean early, int[] x, int[] ss1, int w) {
    int mixed = early ? x[1] ^ x[2] ^ x[3] : (x[3] & x[2]) | (~x[3] & x[1]);
    int tt = mixed + x[0] + ss1[3] + w;
    int permuted = tt ^ Integer.rotateLeft(tt, 9) ^ Integer.rotateLeft(tt, 17);
    return new int[] {x[1], Integer.rotateLeft(x[2], 19), x[3], permuted};
  }

  private static int permute(int x) {
    return x ^ Integer.rotateLeft(x, 15) ^ Integer.rotateLeft(x, 23);
  }

  static int[] expand1(int[] x, int[] y, int[] z) {
    int[] result = new int[4];
    for (int i = 0; i < 4; i++) {
      int later = i < 3 ? z[i + 1] : result[0];
      result[i] = permute(x[i] ^ y[i] ^ Integer.rotateLeft(later, 15));
    }
    return result;
  }

  static int[] expand2(int[] x, int[] y, int[] z) {
    int[] result = new int[4];
    for (int i = 0; i < 4; i++) {
      result[i] = y[i] ^ Integer.rotateLeft(z[i], 7);
    }
    int first = result[0];
    for (int i = 0; i < 4; i++) {
      result[i] ^= x[i];
    }
    result[3] ^= permute(Integer.rotateLeft(first, 15));
    return result;
  }
}
