package dev.kasuari.boot;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** Damages a file at random, again and again; only {@link BootException} may come out. */
final class Damage {
  private static final int[] NASTY = {0, 1, 0x7f, 0x80, 0xff};

  private Damage() {}

  @FunctionalInterface
  interface Reader {
    void read(byte[] file) throws BootException;
  }

  static void loop(byte[] good, int rounds, Reader reader) {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    int refused = 0;
    for (int round = 0; round < rounds; round++) {
      byte[] bad = damage(good, new SplittableRandom(seed + round));
      try {
        reader.read(bad);
      } catch (BootException e) {
        refused++;
      } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
        throw new AssertionError("seed " + (seed + round) + ": " + e, e);
      }
    }
    if (refused == 0 || refused == rounds) {
      throw new AssertionError(refused + " of " + rounds + " refused: nothing was tested");
    }
  }

  private static byte[] damage(byte[] good, RandomGenerator random) {
    byte[] bad =
        random.nextInt(8) == 0 ? Arrays.copyOf(good, random.nextInt(good.length)) : good.clone();
    for (int i = random.nextInt(1, 5); i > 0 && bad.length > 0; i--) {
      // Headers come first in a file, and their damage matters most.
      int limit = random.nextBoolean() ? Math.min(128, bad.length) : bad.length;
      int at = random.nextInt(limit);
      int length = Math.min(random.nextInt(1, 5), bad.length - at);
      for (int j = 0; j < length; j++) {
        bad[at + j] =
            (byte) (random.nextBoolean() ? random.nextInt() : NASTY[random.nextInt(NASTY.length)]);
      }
    }
    return bad;
  }
}
