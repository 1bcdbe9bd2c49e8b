package dev.kasuari.target.arm.cpu;

import java.util.function.LongUnaryOperator;

/**
 * The architected algorithms of pointer authentication, QARMA-64 with five and with three rounds.
 * Source: DDI 0487, J1.1 "ComputePAC" and what it calls; Avanzi, "The QARMA Block Cipher Family".
 *
 * <p>Hot where a kernel signs its returns: whatever is done to single cells and then linearly to
 * all is looked up byte by byte.
 */
final class Qarma {
  private static final long ALPHA = 0xc0ac29b7c97c50ddL;

  private static final long[] ROUND_CONSTANTS = {
    0, 0x13198a2e03707344L, 0xa4093822299f31d0L, 0x082efa98ec4e6c89L, 0x452821e638d01377L
  };

  /** PACCellShuffle: where each cell comes from. */
  private static final long SHUFFLE = 0xf492_5e38_a1c7_0b6dL;

  private static final long INVERSE_SHUFFLE = inverse(SHUFFLE);

  /** TweakShuffle: where each cell comes from. */
  private static final long TWEAK_SHUFFLE = 0x9a10_fedc_832b_7654L;

  /** Cells that the shuffle of the tweak rotates as well, by their new places: a bit each. */
  private static final int TWEAK_ROTATED = 0xd894;

  private static final int BYTES = 8;

  /** As {@link #table} makes them: shuffled and multiplied, and the tweak of the next round. */
  private static final long[] MIXED = table(Qarma::mixed);

  private static final long[] NEXT_TWEAK = table(Qarma::nextTweak);

  private final int rounds;

  // The same of what was substituted: forwards, backwards, at the reflector, and of no more.
  private final long[] forwards;
  private final long[] backwards;
  private final long[] reflected;
  private final long[] unmixed;

  /**
   * @param rounds after the first one, 2 or 4
   * @param substitution what each cell becomes, cell 0 lowest
   */
  private Qarma(int rounds, long substitution) {
    long inverse = inverse(substitution);
    this.rounds = rounds;
    forwards = table(value -> mixed(substituted(value, substitution)));
    backwards = table(value -> unmixed(substituted(value, inverse)));
    reflected = table(value -> unmixed(shuffled(substituted(value, inverse), INVERSE_SHUFFLE)));
    unmixed = table(value -> substituted(value, inverse));
  }

  /** Of five rounds, with the substitution PACSub. */
  private static final class Five {
    static final Qarma QARMA = new Qarma(4, 0xa12d_5473_e90c_f86bL);
  }

  /** Of three rounds, with the substitution PACSub1. */
  private static final class Three {
    static final Qarma QARMA = new Qarma(2, 0x421b_c089_537f_6edaL);
  }

  /** FEAT_PACQARMA5. */
  static Qarma five() {
    return Five.QARMA;
  }

  /** FEAT_PACQARMA3. */
  static Qarma three() {
    return Three.QARMA;
  }

  // ---- definitions -----------------------------------------------------------------------------

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

  private static long mixed(long value) {
    return multiplied(shuffled(value, SHUFFLE));
  }

  private static long unmixed(long value) {
    return shuffled(multiplied(value), INVERSE_SHUFFLE);
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

  // ---- tables ----------------------------------------------------------------------------------

  /**
   * What each value of each byte, lowest first, adds to the result of a function that is linear
   * after a substitution of cells.
   */
  private static long[] table(LongUnaryOperator function) {
    var table = new long[BYTES << 8];
    long zero = function.applyAsLong(0);
    for (int i = 0; i < BYTES; i++) {
      for (int b = 0; b < 256; b++) {
        long of = function.applyAsLong((long) b << (8 * i));
        table[(i << 8) | b] = i == 0 ? of : of ^ zero;
      }
    }
    return table;
  }

  private static long look(long[] t, long x) {
    return t[(int) x & 255]
        ^ t[256 | ((int) (x >>> 8) & 255)]
        ^ t[512 | ((int) (x >>> 16) & 255)]
        ^ t[768 | ((int) (x >>> 24) & 255)]
        ^ t[1024 | ((int) (x >>> 32) & 255)]
        ^ t[1280 | ((int) (x >>> 40) & 255)]
        ^ t[1536 | ((int) (x >>> 48) & 255)]
        ^ t[1792 | (int) (x >>> 56)];
  }

  // ---- the code --------------------------------------------------------------------------------

  /**
   * The code of a value.
   *
   * @param high bits 127 to 64 of the key
   * @param low bits 63 to 0
   */
  long code(long data, long modifier, long high, long low) {
    long middle = Long.rotateRight(high, 1) ^ (high >>> 63);
    var tweaks = new long[ROUND_CONSTANTS.length];
    long tweak = modifier;
    tweaks[0] = tweak;
    long value = data ^ high ^ low ^ tweak;
    for (int i = 1; i <= rounds; i++) {
      tweak = look(NEXT_TWEAK, tweak);
      tweaks[i] = tweak ^ ROUND_CONSTANTS[i];
      value = look(forwards, value) ^ look(MIXED, low ^ tweaks[i]);
    }
    tweak = look(NEXT_TWEAK, tweak);
    value = look(forwards, value) ^ look(MIXED, middle ^ tweak);
    value = look(forwards, value) ^ low;
    value = look(reflected, value) ^ high ^ tweak;
    for (int i = rounds; i > 0; i--) {
      value = look(backwards, value) ^ low ^ tweaks[i] ^ ALPHA;
    }
    return look(unmixed, value) ^ low ^ modifier ^ ALPHA ^ middle;
  }
}
