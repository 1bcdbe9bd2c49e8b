package dev.kasuari.tcg.vector;

import dev.kasuari.tcg.ir.VectorOp;

/** The operations that take neighbouring lanes together, or all of a source. */
final class Reductions {
  private Reductions() {}

  static void apply(VectorOp op, boolean signed, long[] x, long[] y, long[] z, long[] to) {
    switch (op) {
      case ADDP, MAXP, MINP -> pairs(op, signed, x, y, to);
      case ADDV, MAXV, MINV -> to[0] = across(op, signed, x);
      case MMLA -> matrices(signed, signed, x, y, z, to);
      case USMMLA -> matrices(false, true, x, y, z, to);
      default -> throw new IllegalArgumentException(op.mnemonic() + " reduces nothing");
    }
  }

  private static long combine(VectorOp op, boolean signed, long x, long y) {
    return switch (op) {
      case ADDP, ADDV -> x + y;
      case MAXP, MAXV -> Lanes.less(signed, x, y) ? y : x;
      default -> Lanes.less(signed, x, y) ? x : y;
    };
  }

  /** Of the lanes of x, and then of those of y. */
  private static void pairs(VectorOp op, boolean signed, long[] x, long[] y, long[] to) {
    for (int i = 0; i < to.length; i++) {
      long[] from = 2 * i < x.length ? x : y;
      int first = 2 * i % x.length;
      to[i] = combine(op, signed, from[first], from[first + 1]);
    }
  }

  private static long across(VectorOp op, boolean signed, long[] x) {
    long result = x[0];
    for (int i = 1; i < x.length; i++) {
      result = combine(op, signed, result, x[i]);
    }
    return result;
  }

  /** Each lane of x and y is four bytes, two lanes a row; the results are two by two. */
  private static void matrices(
      boolean signedX, boolean signedY, long[] x, long[] y, long[] z, long[] to) {
    for (int i = 0; i < to.length; i++) {
      int row = i / 2 * 2;
      int column = i % 2 * 2;
      to[i] = z[i];
      for (int part = 0; part < 2; part++) {
        to[i] += Lanes.dot(8, signedX, signedY, x[row + part], y[column + part]);
      }
    }
  }
}
