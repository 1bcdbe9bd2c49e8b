package dev.kasuari.tcg.vector;

import dev.kasuari.tcg.ir.VectorOp;

/** Steps of SHA-1. Source: FIPS 180-4, and DDI 0487, C7.2 "SHA1C" to "SHA1SU1". */
final class Sha1 {
  private Sha1() {}

  /** Four rounds: a to d in x, e in y, the schedule with its constant in w. */
  static int[] hash(VectorOp op, int[] x, int y, int[] w) {
    int a = x[0];
    int b = x[1];
    int c = x[2];
    int d = x[3];
    int e = y;
    for (int round = 0; round < 4; round++) {
      int next = e + Integer.rotateLeft(a, 5) + mix(op, b, c, d) + w[round];
      e = d;
      d = c;
      c = Integer.rotateLeft(b, 30);
      b = a;
      a = next;
    }
    return new int[] {a, b, c, d};
  }

  private static int mix(VectorOp op, int b, int c, int d) {
    return switch (op) {
      case SHA1C -> (b & c) | (~b & d);
      case SHA1P -> b ^ c ^ d;
      default -> (b & c) | ((b | c) & d);
    };
  }

  static int[] schedule0(int[] x, int[] y, int[] z) {
    return new int[] {
      x[2] ^ x[0] ^ z[0], x[3] ^ x[1] ^ z[1], y[0] ^ x[2] ^ z[2], y[1] ^ x[3] ^ z[3]
    };
  }

  static int[] schedule1(int[] x, int[] y) {
    int first = Integer.rotateLeft(x[0] ^ y[1], 1);
    return new int[] {
      first,
      Integer.rotateLeft(x[1] ^ y[2], 1),
      Integer.rotateLeft(x[2] ^ y[3], 1),
      Integer.rotateLeft(x[3], 1) ^ Integer.rotateLeft(first, 1)
    };
  }
}
