package dev.kasuari.target.arm.cpu;

/**
 * The architected algorithm of pointer authentication, QARMA-64 with five rounds. Source: DDI 0487,
 * J1.1 "ComputePAC" and what it calls; Avanzi, "The QARMA Block Cipher Family".
 */
final class Qarma5 {
  private static final int ROUNDS = 4;
  private static final long ALPHA = 0xc0ac29b7c97c50ddL;

  private static final long[] ROUND_CONSTANTS = {
    0, 0x13198a2e03707344L, 0xa4093822299f31d0L, 0x082efa98ec4e6c89L, 0x452821e638d01377L
  };

  /** PACSub: what each cell becomes, cell 0 lowest. */
  private static final long SUBSTITUTION = 0xa12d_5473_e90c_f86bL;

  private static final long INVERSE_SUBSTITUTION = inverse(SUBSTITUTION);

  /** PACCellShuffle: where each cell comes from. */
  private static final long SHUFFLE = 0xf492_5e38_a1c7_0b6dL;

  private static final long INVERSE_SHUFFLE = inverse(SHUFFLE);

  /** TweakShuffle: where each cell comes from. */
  private static final long TWEAK_SHUFFLE = 0x9a10_fedc_832b_7654L;

  private static final long INVERSE_TWEAK_SHUFFLE = inverse(TWEAK_SHUFFLE);

  /** Cells that the shuffle of the tweak rotates as well, by their new places: a bit each. */
  private static final int TWEAK_ROTATED = 0xd894;

  private Qarma5() {}

  private static int cell(long cells, int i) {
    return (int) (cells >>> (4 * i)) & 15;
  }

  private static long inverse(long permutation) {
    long inverse = 0;
    for (int i = 0; i < 16; i++) {
      inverse |= (long) i << (4 * cell(permutation, i));
    }
    return inverse;
  }

  private static long substituted(long value, long table) {
    long out = 0;
    for (int i = 0; i < 16; i++) {
      out |= (long) cell(table, cell(value, i)) << (4 * i);
    }
    return out;
  }

  private static long shuffled(long value, long permutation) {
    long out = 0;
    for (int i = 0; i < 16; i++) {
      out |= (long) cell(value, cell(permutation, i)) << (4 * i);
    }
    return out;
  }

  private static int rotated(int cell, int by) {
    return (cell << by | cell >> (4 - by)) & 15;
  }

  /** PACMult: each column times a circulant matrix of rotations. */
  private static long multiplied(long value) {
    long out = 0;
    for (int i = 0; i < 4; i++) {
      int a = cell(value, i);
      int b = cell(value, i + 4);
      int c = cell(value, i + 8);
      int d = cell(value, i + 12);
      long first = rotated(b, 1) ^ rotated(c, 2) ^ rotated(d, 1);
      long second = rotated(a, 1) ^ rotated(c, 1) ^ rotated(d, 2);
      long third = rotated(a, 2) ^ rotated(b, 1) ^ rotated(d, 1);
      long fourth = rotated(a, 1) ^ rotated(b, 2) ^ rotated(c, 1);
      out |= first << (4 * i) | second << (4 * i + 16);
      out |= third << (4 * i + 32) | fourth << (4 * i + 48);
    }
    return out;
  }

  private static long nextTweak(long tweak) {
    long out = shuffled(tweak, TWEAK_SHUFFLE);
    for (int i = 0; i < 16; i++) {
      if ((TWEAK_ROTATED >> i & 1) != 0) {
        int c = cell(out, i);
        int turned = c >> 1 | ((c ^ c >> 1) & 1) << 3;
        out ^= (long) (c ^ turned) << (4 * i);
      }
    }
    return out;
  }

  private static long previousTweak(long tweak) {
    long out = tweak;
    for (int i = 0; i < 16; i++) {
      if ((TWEAK_ROTATED >> i & 1) != 0) {
        int c = cell(out, i);
        int turned = (c << 1 & 15) | ((c ^ c >> 3) & 1);
        out ^= (long) (c ^ turned) << (4 * i);
      }
    }
    return shuffled(out, INVERSE_TWEAK_SHUFFLE);
  }

  /**
   * The code of a value.
   *
   * @param high bits 127 to 64 of the key
   * @param low bits 63 to 0
   */
  static long code(long data, long modifier, long high, long low) {
    long middle = Long.rotateRight(high, 1) ^ (high >>> 63);
    long tweak = modifier;
    long value = data ^ high;
    for (int i = 0; i <= ROUNDS; i++) {
      value ^= low ^ tweak ^ ROUND_CONSTANTS[i];
      if (i > 0) {
        value = multiplied(shuffled(value, SHUFFLE));
      }
      value = substituted(value, SUBSTITUTION);
      tweak = nextTweak(tweak);
    }
    value ^= middle ^ tweak;
    value = substituted(multiplied(shuffled(value, SHUFFLE)), SUBSTITUTION);
    value = multiplied(shuffled(value, SHUFFLE)) ^ low;
    value = substituted(shuffled(value, INVERSE_SHUFFLE), INVERSE_SUBSTITUTION);
    value = shuffled(multiplied(value), INVERSE_SHUFFLE) ^ high ^ tweak;
    for (int i = 0; i <= ROUNDS; i++) {
      value = substituted(value, INVERSE_SUBSTITUTION);
      if (i < ROUNDS) {
        value = shuffled(multiplied(value), INVERSE_SHUFFLE);
      }
      tweak = previousTweak(tweak);
      value ^= low ^ tweak ^ ROUND_CONSTANTS[ROUNDS - i] ^ ALPHA;
    }
    return value ^ middle;
  }
}
