package dev.kasuari.target.arm.isa;

/** Constants that A64 instructions encode in few bits. Source: DDI 0487, chapter J1. */
public final class A64Immediates {
  private A64Immediates() {}

  /**
   * The mask that a logical instruction or a bitfield move encodes: DecodeBitMasks, wmask.
   *
   * @param sf 1 for 64 bits, 0 for 32, of which the upper half of the result is zero
   * @param nrs N, immr and imms, 13 bits; N:imms must not be reserved
   */
  public static long bitmask(int sf, int nrs) {
    int imms = nrs & 63;
    int immr = nrs >> 6 & 63;
    int size = Integer.highestOneBit(nrs >> 12 << 6 | (~imms & 63));
    int ones = (imms & (size - 1)) + 1;
    int turn = immr & (size - 1);
    long element = -1L >>> (64 - ones);
    long turned = element >>> turn | (turn == 0 ? 0 : element << (size - turn));
    long mask = size == 64 ? turned : turned & (1L << size) - 1;
    for (int width = size; width < 64; width *= 2) {
      mask |= mask << width;
    }
    return sf == 1 ? mask : mask & 0xffff_ffffL;
  }

  /**
   * The bits N, immr and imms that encode a mask.
   *
   * @return 13 bits, or -1 if no logical instruction can encode it
   */
  public static int encodeBitmask(int sf, long mask) {
    long value = sf == 1 ? mask : (mask & 0xffff_ffffL) | mask << 32;
    if (value == 0 || value == -1) {
      return -1;
    }
    int size = 64;
    while (size > 2 && Long.rotateRight(value, size / 2) == value) {
      size /= 2;
    }
    int ones = Long.bitCount(value) * size / 64;
    int start = Long.numberOfTrailingZeros(value & ~Long.rotateLeft(value, 1));
    if (Long.rotateRight(value, start) != repeat(-1L >>> (64 - ones), size)) {
      return -1;
    }
    int n = size == 64 ? 1 : 0;
    return n << 12 | ((size - start) & (size - 1)) << 6 | ((-size << 1) & 63) | (ones - 1);
  }

  /**
   * The bits of a floating-point constant: VFPExpandImm.
   *
   * @param size 1 for half, 2 for single, 3 for double precision
   * @param imm8 sign, three bits of exponent, four of fraction
   */
  public static long floating(int size, int imm8) {
    int exponent = size == 1 ? 5 : size == 2 ? 8 : 11;
    int fraction = (8 << size) - 1 - exponent;
    long sign = (long) (imm8 >> 7) << (exponent + fraction);
    long upper = (imm8 & 64) == 0 ? 1L << (exponent - 1) : (1L << (exponent - 1)) - 4;
    return sign | (upper | (imm8 >> 4 & 3)) << fraction | (long) (imm8 & 15) << (fraction - 4);
  }

  /** What MOVI, MVNI or FMOV of a SIMD immediate writes to each 64 bits of a register. */
  public static long moved(int op, int cmode, int imm8) {
    long value = simd(op, cmode, imm8);
    return op == 1 && cmode < 14 ? ~value : value;
  }

  /** The modified immediate of SIMD instructions: AdvSIMDExpandImm. */
  public static long simd(int op, int cmode, int imm8) {
    return switch (cmode >> 1) {
      case 0, 1, 2, 3 -> repeat((long) imm8 << (8 * (cmode >> 1)), 32);
      case 4, 5 -> repeat((long) imm8 << (8 * (cmode >> 1 & 1)), 16);
      case 6 -> repeat((cmode & 1) == 0 ? imm8 << 8 | 0xffL : imm8 << 16 | 0xffffL, 32);
      default ->
          switch ((cmode & 1) << 1 | op) {
            case 0 -> repeat(imm8, 8);
            case 1 -> Long.expand(imm8, 0x0101_0101_0101_0101L) * 0xff;
            case 2 -> repeat(floating(2, imm8), 32);
            default -> floating(3, imm8);
          };
    };
  }

  /** The logarithm of a lane's bytes that imm5 of a copy, not 0 or 16, encodes. */
  public static int laneSize(int imm5) {
    return Integer.numberOfTrailingZeros(imm5);
  }

  /** The number of the lane that imm5 of a copy encodes. */
  public static int lane(int imm5) {
    return imm5 >> (laneSize(imm5) + 1);
  }

  /** The logarithm of a lane's bytes that immh:immb of a shift, at least 8, encodes. */
  public static int shiftSize(int imm) {
    return 28 - Integer.numberOfLeadingZeros(imm);
  }

  /** The bits that immh:immb means for a shift to the right, 1 to the bits of a lane. */
  public static int shiftRight(int imm) {
    return (16 << shiftSize(imm)) - imm;
  }

  /**
   * The bits that immh:immb means for a shift to the left, 0 to one less than the bits of a lane.
   */
  public static int shiftLeft(int imm) {
    return imm - (8 << shiftSize(imm));
  }

  private static long repeat(long element, int size) {
    long value = element;
    for (int width = size; width < 64; width *= 2) {
      value |= value << width;
    }
    return value;
  }
}
