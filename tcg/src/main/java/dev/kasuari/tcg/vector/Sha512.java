package dev.kasuari.tcg.vector;

/** Steps of SHA-512. Source: FIPS 180-4, and DDI 0487, C7.2 "SHA512H" to "SHA512SU1". */
final class Sha512 {
  private Sha512() {}

  private static long rotated(long x, int i, int j, int k) {
    return Long.rotateRight(x, i) ^ Long.rotateRight(x, j) ^ Long.rotateRight(x, k);
  }

  private static long choose(long x, long y, long z) {
    return (x & y) | (~x & z);
  }

  private static long majority(long x, long y, long z) {
    return (x & y) | ((x | y) & z);
  }

  static void hash(long[] w, long[] x, long[] y, long[] to) {
    to[1] = w[1] + choose(y[1], x[0], x[1]) + rotated(y[1], 14, 18, 41);
    long next = to[1] + y[0];
    to[0] = w[0] + choose(next, y[1], x[0]) + rotated(next, 14, 18, 41);
  }

  static void hash2(long[] w, long[] x, long[] y, long[] to) {
    to[1] = w[1] + majority(x[0], y[1], y[0]) + rotated(y[0], 28, 34, 39);
    to[0] = w[0] + majority(to[1], y[0], y[1]) + rotated(to[1], 28, 34, 39);
  }

  private static long sigma0(long x) {
    return Long.rotateRight(x, 1) ^ Long.rotateRight(x, 8) ^ x >>> 7;
  }

  private static long sigma1(long x) {
    return Long.rotateRight(x, 19) ^ Long.rotateRight(x, 61) ^ x >>> 6;
  }

  static void schedule0(long[] w, long[] x, long[] to) {
    to[0] = w[0] + sigma0(w[1]);
    to[1] = w[1] + sigma0(x[0]);
  }

  static void schedule1(long[] w, long[] x, long[] y, long[] to) {
    to[0] = w[0] + sigma1(x[0]) + y[0];
    to[1] = w[1] + sigma1(x[1]) + y[1];
  }
}
