package dev.kasuari.tcg.vector;

/** Steps of SHA-256. Source: FIPS 180-4, and DDI 0487, C7.2 "SHA256H" to "SHA256SU1". */
final class Sha256 {
  private Sha256() {}

  /**
   * Four rounds.
   *
   * @param abcd the first half of the state
   * @param efgh the second
   * @param first which of them is the result
   */
  static int[] hash(int[] abcd, int[] efgh, int[] w, boolean first) {
    int[] s = {abcd[0], abcd[1], abcd[2], abcd[3], efgh[0], efgh[1], efgh[2], efgh[3]};
    for (int round = 0; round < 4; round++) {
      int chosen = (s[4] & s[5]) | (~s[4] & s[6]);
      int majority = (s[0] & s[1]) | ((s[0] | s[1]) & s[2]);
      int t = s[7] + rotated(s[4], 6, 11, 25) + chosen + w[round];
      int e = s[3] + t;
      int a = t + rotated(s[0], 2, 13, 22) + majority;
      System.arraycopy(s, 0, s, 1, 7);
      s[0] = a;
      s[4] = e;
    }
    int from = first ? 0 : 4;
    return new int[] {s[from], s[from + 1], s[from + 2], s[from + 3]};
  }

  private static int rotated(int x, int i, int j, int k) {
    return Integer.rotateRight(x, i) ^ Integer.rotateRight(x, j) ^ Integer.rotateRight(x, k);
  }

  static int[] schedule0(int[] x, int[] y) {
    int[] result = new int[4];
    for (int i = 0; i < 4; i++) {
      int next = i < 3 ? x[i + 1] : y[0];
      int sigma = Integer.rotateRight(next, 7) ^ Integer.rotateRight(next, 18) ^ next >>> 3;
      result[i] = x[i] + sigma;
    }
    return result;
  }

  static int[] schedule1(int[] x, int[] y, int[] z) {
    int[] result = new int[4];
    for (int i = 0; i < 4; i++) {
      int before = i < 2 ? z[i + 2] : result[i - 2];
      int sigma = Integer.rotateRight(before, 17) ^ Integer.rotateRight(before, 19) ^ before >>> 10;
      result[i] = x[i] + sigma + (i < 3 ? y[i + 1] : z[0]);
    }
    return result;
  }
}
