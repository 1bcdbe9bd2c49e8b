package dev.kasuari.machine.cpu;

/**
 * A hash that a CPU may sign pointers with, in translated code, too: XXH64 with the seed 1 of one
 * stripe, which is four lanes of 64 bits, without the count of bytes that the whole algorithm adds
 * before the final mix. Source: xxHash, "XXH64 algorithm description".
 */
public final class LaneHash {
  public static final long PRIME_1 = 0x9e3779b185ebca87L;
  public static final long PRIME_2 = 0xc2b2ae3d27d4eb4fL;
  public static final long PRIME_3 = 0x165667b19e3779f9L;
  public static final long PRIME_4 = 0x85ebca77c2b2ae63L;

  /** How many lanes there are. */
  public static final int LANES = 4;

  /** How far the accumulator of a lane is rotated in a round. */
  public static final int ROUND_ROTATION = 31;

  /** The seed, and with it one or both of the first primes, or minus the first. */
  private static final long[] STARTS = {
    0x60ea27eeadc0b5d7L, 0xc2b2ae3d27d4eb50L, 1, 0x61c8864e7a14357aL
  };

  private static final int[] ROTATIONS = {1, 7, 12, 18};

  private LaneHash() {}

  /** What the accumulator of a lane starts from. */
  public static long start(int lane) {
    return STARTS[lane];
  }

  /** How far the accumulator of a lane is rotated where the four become one. */
  public static int rotation(int lane) {
    return ROTATIONS[lane];
  }

  /** The hash of four lanes. */
  public static long of(long first, long second, long third, long fourth) {
    long a = round(STARTS[0], first);
    long b = round(STARTS[1], second);
    long c = round(STARTS[2], third);
    long d = round(STARTS[3], fourth);
    long hash =
        Long.rotateLeft(a, ROTATIONS[0])
            + Long.rotateLeft(b, ROTATIONS[1])
            + Long.rotateLeft(c, ROTATIONS[2])
            + Long.rotateLeft(d, ROTATIONS[3]);
    hash = merged(merged(merged(merged(hash, a), b), c), d);
    hash = (hash ^ hash >>> 33) * PRIME_2;
    hash = (hash ^ hash >>> 29) * PRIME_3;
    return hash ^ hash >>> 32;
  }

  private static long round(long accumulator, long lane) {
    return Long.rotateLeft(accumulator + lane * PRIME_2, ROUND_ROTATION) * PRIME_1;
  }

  private static long merged(long hash, long accumulator) {
    return (hash ^ round(0, accumulator)) * PRIME_1 + PRIME_4;
  }
}
