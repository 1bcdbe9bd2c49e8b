package dev.kasuari.block.fuzz;

import java.time.Duration;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Images with wrong bytes where it hurts: fields of headers and entries of tables. {@code
 * -Dkasuari.block.mutants=N} tries so many of each format, {@code -Dkasuari.block.seed=S} others.
 */
@Tag("fast")
class HostileImageTest {
  private static final long[] EXTREMES = {
    0,
    1,
    2,
    3,
    0x7f,
    0x80,
    0xff,
    0x1ff,
    0x7fff,
    0xffff,
    1 << 20,
    0x7fff_ffffL,
    0x8000_0000L,
    0xffff_ffffL,
    1L << 40,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    -1,
    -2
  };

  static Stream<String> formats() {
    return ImageTarget.FORMATS.stream();
  }

  @ParameterizedTest
  @MethodSource("formats")
  void refusesNonsenseByName(String format) {
    int mutants = Integer.getInteger("kasuari.block.mutants", 150);
    long seed = Integer.getInteger("kasuari.block.seed", 1);
    byte[] good = GoodImages.of(format);
    for (int i = 0; i < mutants; i++) {
      var random = new Random(seed * 1_000_003 + i);
      byte[] bad = good.clone();
      for (int n = random.nextInt(3); n >= 0; n--) {
        mutate(bad, random);
      }
      if (format.equals("luks") || random.nextInt(4) > 0) {
        Checksums.seal(format, bad);
      }
      String which = format + ", mutant " + i + " of seed " + seed;
      try {
        Assertions.assertTimeoutPreemptively(
            Duration.ofSeconds(30), () -> ImageTarget.use(format, bad), which);
      } catch (Throwable e) {
        throw new AssertionError(which, e);
      }
    }
  }

  /** Puts a number where numbers are: mostly where the image is not empty, and near the front. */
  private static void mutate(byte[] image, Random random) {
    int at;
    int tries = 0;
    do {
      int most = random.nextInt(3) == 0 ? image.length : Math.min(image.length, 4096);
      at = random.nextInt(most / 4) * 4;
    } while (image[at] == 0 && image[at + 1] == 0 && image[at + 3] == 0 && tries++ < 200);
    long value =
        switch (random.nextInt(3)) {
          case 0 -> EXTREMES[random.nextInt(EXTREMES.length)];
          case 1 -> random.nextLong();
          default -> (image[at] & 0xff) + random.nextInt(9) - 4L;
        };
    int width = 1 << random.nextInt(4);
    boolean big = random.nextBoolean();
    for (int i = 0; i < width && at + i < image.length; i++) {
      int shift = 8 * (big ? width - 1 - i : i);
      image[at + i] = (byte) (value >>> shift);
    }
  }
}
