package dev.kasuari.tcg.ir;

/**
 * The packed form of a {@link Type#FLAGS} value, and how arithmetic sets it. Each flag is where an
 * x86-64 host has it after SETO to the low and LAHF to the next byte.
 */
public final class Flags {
  public static final int V = 1;
  public static final int C = 1 << 8;

  /** Even number of ones in the low byte (x86's parity). */
  public static final int P = 1 << 10;

  /** Carry out of bit 3 (x86's auxiliary carry). */
  public static final int A = 1 << 12;

  public static final int Z = 1 << 14;
  public static final int N = 1 << 15;

  /** All of them. */
  public static final int ALL = V | C | P | A | Z | N;

  /** A bit that is set in every packed form, as LAHF sets it. */
  public static final int ONE = 1 << 9;

  private Flags() {}

  /** Flags of {@code result = a + b + carryIn} in {@code bits} bits. */
  public static int add(long a, long b, long result, int carryIn, int bits) {
    int shift = 64 - bits;
    long x = a << shift;
    long r = result << shift;
    long y = b << shift;
    int order = Long.compareUnsigned(r, x);
    boolean carry = carryIn != 0 ? order <= 0 : order < 0;
    boolean overflow = ((x ^ r) & (y ^ r)) < 0;
    return logic(result, bits)
        | (carry ? C : 0)
        | (overflow ? V : 0)
        | (((a ^ b ^ result) & 0x10) != 0 ? A : 0);
  }

  /**
   * Flags of {@code result = a - b - borrowIn}. C is set on a borrow; an architecture whose carry
   * means "no borrow" inverts it where it reads or packs the flags.
   */
  public static int subtract(long a, long b, long result, int borrowIn, int bits) {
    int shift = 64 - bits;
    long x = a << shift;
    long y = b << shift;
    long r = result << shift;
    int order = Long.compareUnsigned(x, y);
    boolean borrow = borrowIn != 0 ? order <= 0 : order < 0;
    boolean overflow = ((x ^ y) & (x ^ r)) < 0;
    return logic(result, bits)
        | (borrow ? C : 0)
        | (overflow ? V : 0)
        | (((a ^ b ^ result) & 0x10) != 0 ? A : 0);
  }

  /** N, Z and P of a result; C, V and A clear. */
  public static int logic(long result, int bits) {
    long r = result << (64 - bits);
    return ONE
        | (r == 0 ? Z : 0)
        | (r < 0 ? N : 0)
        | ((Long.bitCount(result & 0xff) & 1) == 0 ? P : 0);
  }
}
