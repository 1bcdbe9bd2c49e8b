package dev.kasuari.tcg.vector;

import dev.kasuari.tcg.ir.VectorOp;

/**
 * The operations that work lane by lane: functions of lanes that are extended to 64 bits with their
 * sign or with zeros, as the descriptor says. Results count modulo the bits of a lane.
 */
final class Lanes {
  private final Saturation saturation = new Saturation();

  /** Whether a lane saturated since this was asked last. */
  boolean takeSaturated() {
    return saturation.take();
  }

  /**
   * A lane of the result.
   *
   * @param signed how lanes are extended
   * @param bits of a lane, up to 64
   * @param n the immediate
   */
  long apply(VectorOp op, boolean signed, int bits, long x, long y, long z, int n) {
    return switch (op) {
      case MOV -> x;
      case DUP -> y;
      case NOT -> ~x;
      case AND -> x & y;
      case ANDC -> x & ~y;
      case OR -> x | y;
      case ORC -> x | ~y;
      case XOR -> x ^ y;
      case XOR3 -> x ^ y ^ z;
      case XOR_ANDC -> x ^ (y & ~z);
      case SELECT -> (x & y) | (~x & z);
      case XOR_ROTR -> rotateRight(bits, x ^ y, n);
      case XOR_ROTL1 -> x ^ rotateRight(bits, y, bits - 1);
      case NEG -> -x;
      case ABS -> Math.abs(x);
      case ADD -> x + y;
      case SUB -> x - y;
      case MUL -> x * y;
      case MLA -> z + x * y;
      case MLS -> z - x * y;
      case PMUL -> Polynomials.low(unsigned(bits, x), y);
      case MIN -> less(signed, x, y) ? x : y;
      case MAX -> less(signed, x, y) ? y : x;
      case ABD -> distance(signed, x, y);
      case ABA -> z + distance(signed, x, y);
      case HADD -> (x & y) + shiftRight(signed, x ^ y, 1);
      case RHADD -> (x | y) - shiftRight(signed, x ^ y, 1);
      case HSUB -> shiftRight(signed, x, 1) - shiftRight(signed, y, 1) - (~x & y & 1);
      case ADDLP -> sumOfHalves(signed, bits, x);
      case ADALP -> z + sumOfHalves(signed, bits, x);
      case DOT -> z + dot(bits / 4, signed, signed, x, y);
      case USDOT -> z + dot(bits / 4, false, true, x, y);
      case SUDOT -> z + dot(bits / 4, true, false, x, y);
      case CMEQ -> ones(x == y);
      case CMGT -> ones(less(signed, y, x));
      case CMGE -> ones(!less(signed, x, y));
      case CMTST -> ones((x & y) != 0);
      case CLS -> Long.numberOfLeadingZeros(x ^ x >> 63) - 1 - (64 - bits);
      case CLZ -> Long.numberOfLeadingZeros(unsigned(bits, x)) - (64 - bits);
      case CNT -> Long.bitCount(unsigned(bits, x));
      case RBIT -> Long.reverse(x) >>> (64 - bits);
      case REV -> reverse(bits, 8 << n, x);
      case RECPE -> Estimates.reciprocal((int) x);
      case RSQRTE -> Estimates.reciprocalSquareRoot((int) x);
      default -> shift(op, signed, bits, x, y, z, n);
    };
  }

  private long shift(VectorOp op, boolean signed, int bits, long x, long y, long z, int n) {
    return switch (op) {
      case SHL -> shiftLeft(x, n);
      case SHR -> shiftRight(signed, x, n);
      case RSHR -> roundedRight(signed, x, n);
      case SHRA -> z + shiftRight(signed, x, n);
      case RSHRA -> z + roundedRight(signed, x, n);
      case SLI -> x << n | (z & ~(-1L << n));
      case SRI -> insertRight(bits, x, z, n);
      case SHIFT, RSHIFT -> shiftByLane(signed, op == VectorOp.RSHIFT, x, (byte) y);
      default -> saturation.apply(op, signed, bits, x, y, z, n);
    };
  }

  // ---- bits of lanes ---------------------------------------------------------------------------

  static long unsigned(int bits, long x) {
    return x << (64 - bits) >>> (64 - bits);
  }

  static long signed(int bits, long x) {
    return x << (64 - bits) >> (64 - bits);
  }

  static long extend(boolean signed, int bits, long x) {
    return signed ? signed(bits, x) : unsigned(bits, x);
  }

  private static long ones(boolean holds) {
    return holds ? -1 : 0;
  }

  static boolean less(boolean signed, long x, long y) {
    return signed ? x < y : Long.compareUnsigned(x, y) < 0;
  }

  private static long distance(boolean signed, long x, long y) {
    return less(signed, x, y) ? y - x : x - y;
  }

  private static long rotateRight(int bits, long x, int n) {
    return bits == 64
        ? Long.rotateRight(x, n)
        : unsigned(bits, x) >>> n | unsigned(bits, x) << (bits - n);
  }

  private static long reverse(int bits, int part, long x) {
    long reversed = 0;
    for (int at = 0; at < bits; at += part) {
      reversed |= unsigned(part, x >>> at) << (bits - part - at);
    }
    return reversed;
  }

  private static long sumOfHalves(boolean signed, int bits, long x) {
    int half = bits / 2;
    return extend(signed, half, x) + extend(signed, half, x >> half);
  }

  static long dot(int bits, boolean signedX, boolean signedY, long x, long y) {
    long sum = 0;
    for (int at = 0; at < 4 * bits; at += bits) {
      sum += extend(signedX, bits, x >> at) * extend(signedY, bits, y >> at);
    }
    return sum;
  }

  // ---- shifts ----------------------------------------------------------------------------------

  /** By 0 to any number of bits. */
  static long shiftLeft(long x, int n) {
    return n > 63 ? 0 : x << n;
  }

  /** By 0 to any number of bits. */
  static long shiftRight(boolean signed, long x, int n) {
    if (signed) {
      return x >> Math.min(n, 63);
    }
    return n > 63 ? 0 : x >>> n;
  }

  /** By 0 to any number of bits; what was shifted out last is added. */
  static long roundedRight(boolean signed, long x, int n) {
    if (n == 0) {
      return x;
    }
    return shiftRight(signed, x, n) + (shiftRight(signed, x, n - 1) & 1);
  }

  private static long shiftByLane(boolean signed, boolean rounded, long x, int n) {
    if (n >= 0) {
      return shiftLeft(x, n);
    }
    return rounded ? roundedRight(signed, x, -n) : shiftRight(signed, x, -n);
  }

  private static long insertRight(int bits, long x, long z, int n) {
    long kept = ~shiftRight(false, unsigned(bits, -1), n);
    return shiftRight(false, unsigned(bits, x), n) | (z & kept);
  }
}
