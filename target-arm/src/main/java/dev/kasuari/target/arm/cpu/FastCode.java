package dev.kasuari.target.arm.cpu;

/**
 * The implementation-defined algorithm of pointer authentication: the hash XXH64 of address,
 * modifier and key, without its count of bytes, as QEMU's {@code pauth-impdef} has it. No secret is
 * safe with it. Source: xxHash, "XXH64 algorithm description".
 */
final class FastCode {
  private static final long PRIME_1 = 0x9e3779b185ebca87L;
  private static final long PRIME_2 = 0xc2b2ae3d27d4eb4fL;
  private static final long PRIME_3 = 0x165667b19e3779f9L;
  private static final long PRIME_4 = 0x85ebca77c2b2ae63L;

  // What the four lanes start from with the seed 1: with one or both of the first primes, or minus
  // it.
  private static final long FIRST = 0x60ea27eeadc0b5d7L;
  private static final long SECOND = 0xc2b2ae3d27d4eb50L;
  private static final long THIRD = 1;
  private static final long FOURTH = 0x61c8864e7a14357aL;

  private FastCode() {}

  private static long round(long accumulator, long lane) {
    return Long.rotateLeft(accumulator + lane * PRIME_2, 31) * PRIME_1;
  }

  private static long merged(long hash, long accumulator) {
    return (hash ^ round(0, accumulator)) * PRIME_1 + PRIME_4;
  }

  /** The code of a value; the key's halves come low half first. */
  static long code(long data, long modifier, long high, long low) {
    long a = round(FIRST, data);
    long b = round(SECOND, modifier);
    long c = round(THIRD, low);
    long d = round(FOURTH, high);
    long hash =
        Long.rotateLeft(a, 1)
            + Long.rotateLeft(b, 7)
            + Long.rotateLeft(c, 12)
            + Long.rotateLeft(d, 18);
    hash = merged(merged(merged(merged(hash, a), b), c), d);
    hash = (hash ^ hash >>> 33) * PRIME_2;
    hash = (hash ^ hash >>> 29) * PRIME_3;
    return hash ^ hash >>> 32;
  }
}
