package dev.kasuari.tcg.vector;

import dev.kasuari.tcg.ir.VectorOp;

/**
 * The operations on lanes whose result may not fit: exact in 128 bits, of which a long is the upper
 * half and another the lower, and then the nearest value that fits. And those that take the upper
 * half of a sum.
 */
final class Saturation {
  private boolean saturated;

  /** Whether a lane saturated since this was asked last. */
  boolean take() {
    boolean was = saturated;
    saturated = false;
    return was;
  }

  /** As {@link Lanes#apply}. */
  long apply(VectorOp op, boolean signed, int bits, long x, long y, long z, int n) {
    return switch (op) {
      case QADD -> add(signed, bits, x, sign(signed, x), y, sign(signed, y));
      case QSUB -> subtract(signed, bits, x, y);
      case SUQADD -> addMixed(true, bits, x, y);
      case USQADD -> addMixed(false, bits, y, x);
      case QNEG -> subtract(true, bits, 0, x);
      case QABS -> x < 0 ? subtract(true, bits, 0, x) : x;
      case QDMULH -> fit(true, bits, true, (x * y) >> (bits - 1));
      case QRDMULH -> upperHalf(bits, x * y);
      case QRDMLAH -> upperHalf(bits, (z << (bits - 1)) + x * y);
      case QRDMLSH -> upperHalf(bits, (z << (bits - 1)) - x * y);
      case QDMULL -> doubled(bits, x * y);
      case QDMLAL -> {
        long product = doubled(bits, x * y);
        yield add(true, bits, z, z >> 63, product, product >> 63);
      }
      case QDMLSL -> subtract(true, bits, z, doubled(bits, x * y));
      case QSHL -> shiftLeft(signed, signed, bits, x, n);
      case QSHLU -> shiftLeft(true, false, bits, x, n);
      case QSHIFT, QRSHIFT -> shiftByLane(signed, op == VectorOp.QRSHIFT, bits, x, (byte) y);
      default -> half(op, signed, bits / 2, x, y, n);
    };
  }

  /** To half the bits. */
  private long half(VectorOp op, boolean signed, int half, long x, long y, int n) {
    return switch (op) {
      case QSHRN -> fit(signed, half, signed, Lanes.shiftRight(signed, x, n));
      case QRSHRN -> fit(signed, half, signed, Lanes.roundedRight(signed, x, n));
      case QSHRUN -> fit(false, half, true, Lanes.shiftRight(true, x, n));
      case QRSHRUN -> fit(false, half, true, Lanes.roundedRight(true, x, n));
      case ADDHN -> (x + y) >>> half;
      case RADDHN -> (x + y + (1L << (half - 1))) >>> half;
      case SUBHN -> (x - y) >>> half;
      case RSUBHN -> (x - y + (1L << (half - 1))) >>> half;
      default -> throw new IllegalArgumentException(op.mnemonic() + " is not by lanes");
    };
  }

  // ---- the nearest value that fits -------------------------------------------------------------

  private long fit(boolean signed, int bits, long high, long low) {
    boolean fits = low == Lanes.extend(signed, bits, low) && high == (signed ? low >> 63 : 0);
    if (fits) {
      return low;
    }
    saturated = true;
    if (signed) {
      long least = -1L << (bits - 1);
      return high < 0 ? least : ~least;
    }
    return high < 0 ? 0 : -1L >>> (64 - bits);
  }

  /**
   * Of 64 bits.
   *
   * @param signed of the result
   * @param sourceSigned of the value
   */
  private long fit(boolean signed, int bits, boolean sourceSigned, long value) {
    return fit(signed, bits, sign(sourceSigned, value), value);
  }

  private static long sign(boolean signed, long x) {
    return signed ? x >> 63 : 0;
  }

  private long add(boolean signed, int bits, long x, long signOfX, long y, long signOfY) {
    long low = x + y;
    int carry = Long.compareUnsigned(low, x) < 0 ? 1 : 0;
    return fit(signed, bits, signOfX + signOfY + carry, low);
  }

  /** One of them has a sign, the other none. */
  private long addMixed(boolean signedResult, int bits, long signed, long unsigned) {
    long x = Lanes.signed(bits, signed);
    return add(signedResult, bits, Lanes.unsigned(bits, unsigned), 0, x, x >> 63);
  }

  private long subtract(boolean signed, int bits, long x, long y) {
    int borrow = Long.compareUnsigned(x, y) < 0 ? 1 : 0;
    return fit(signed, bits, sign(signed, x) - sign(signed, y) - borrow, x - y);
  }

  private long doubled(int bits, long product) {
    return fit(true, bits, product >> 63, product << 1);
  }

  /** Of twice a value, rounded; the value has no more than 63 bits. */
  private long upperHalf(int bits, long value) {
    return fit(true, bits, true, (value + (1L << (bits - 2))) >> (bits - 1));
  }

  // ---- shifts ----------------------------------------------------------------------------------

  private long shiftByLane(boolean signed, boolean rounded, int bits, long x, int n) {
    if (n >= 0) {
      return shiftLeft(signed, signed, bits, x, n);
    }
    return rounded ? Lanes.roundedRight(signed, x, -n) : Lanes.shiftRight(signed, x, -n);
  }

  private long shiftLeft(boolean signed, boolean signedResult, int bits, long x, int n) {
    long sign = sign(signed, x);
    if (n == 0 || x == 0) {
      return fit(signedResult, bits, sign, x);
    }
    if (n > 63) {
      // Too much for any lane.
      return fit(signedResult, bits, sign < 0 ? Long.MIN_VALUE : Long.MAX_VALUE, 0);
    }
    long high = signed ? x >> (64 - n) : x >>> (64 - n);
    return fit(signedResult, bits, high, x << n);
  }
}
