package dev.kasuari.tcg.vector;

import dev.kasuari.tcg.ir.VectorOp;

/** The operations that bring lanes into another order. */
public final class Permutations {
  private Permutations() {}

  /** Whether it is one of them. */
  public static boolean includes(VectorOp op) {
    return op.compareTo(VectorOp.ZIP1) >= 0 && op.compareTo(VectorOp.TABLE) < 0;
  }

  /**
   * The lane of the sources that becomes lane {@code i} of the result, counted over a, b and c, one
   * behind the other.
   *
   * @param lanes of a source
   * @param n the immediate
   */
  public static int source(VectorOp op, int lanes, int i, int n) {
    int half = lanes / 2;
    int turn = i % 2 * lanes;
    return switch (op) {
      case ZIP1 -> turn + i / 2;
      case ZIP2 -> turn + half + i / 2;
      case UZP1 -> 2 * i;
      case UZP2 -> 2 * i + 1;
      case TRN1 -> turn + i / 2 * 2;
      case TRN2 -> turn + i / 2 * 2 + 1;
      case EXT -> i + n;
      case UNZIP3 -> 3 * i + n;
      case ZIP3 -> (n * lanes + i) % 3 * lanes + (n * lanes + i) / 3;
      default -> throw new IllegalArgumentException(op.mnemonic() + " moves no lanes");
    };
  }

  static void apply(VectorOp op, int n, long[] x, long[] y, long[] z, long[] to) {
    for (int i = 0; i < to.length; i++) {
      int from = source(op, to.length, i, n);
      long[] source = from < to.length ? x : from < 2 * to.length ? y : z;
      to[i] = source[from % to.length];
    }
  }

  static void table(int n, long[] x, long[] y, long[] z, long[] to) {
    for (int i = 0; i < to.length; i++) {
      long lane = y[i] - n;
      to[i] = lane >= 0 && lane < x.length ? x[(int) lane] : z[i];
    }
  }
}
