package dev.kasuari.block.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
import dev.kasuari.block.testing.RecordingNode;
import dev.kasuari.block.testing.TestImages;
import dev.kasuari.qapi.OptionSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
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
    byte[] good = image(format);
    for (int i = 0; i < mutants; i++) {
      var random = new Random(seed * 1_000_003 + i);
      byte[] bad = good.clone();
      for (int n = random.nextInt(3); n >= 0; n--) {
        mutate(bad, random);
      }
      if (random.nextInt(4) > 0) {
        seal(format, bad);
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

  /** A small image with some of everything. */
  static byte[] image(String format) {
    var file = new RecordingNode(new byte[0]);
    String options =
        switch (format) {
          case "vhdx" -> "block_size=1M";
          case "vpc" -> "force_size=on";
          case "vmdk" -> "zeroed_grain=on";
          default -> "";
        };
    TestImages.create(format, file, 3 << 20, options);
    var graph = new BlockGraph();
    Access access = Access.write();
    BlockNode node =
        graph.open(OptionSource.of("", "driver=" + format, ""), access, Map.of("file", file));
    Child use = graph.use("test", node, BlockGraph.takenBy(access), BlockGraph.sharedBy(access));
    byte[] some = new byte[100_000];
    new Random(5).nextBytes(some);
    TestImages.write(node, 4096, some, 0, 20_480);
    TestImages.write(node, 1 << 20, some, 0, 98_304);
    node.writeZeroes(2 << 20, 1 << 19, true);
    graph.release(use);
    assertThat(file.content().length).isPositive();
    return file.content();
  }

  /** Makes checksums right again, so that what they guard is looked at. */
  private static void seal(String format, byte[] image) {
    ByteBuffer bytes = ByteBuffer.wrap(image);
    if (format.equals("vhdx")) {
      for (int i = 1; i <= 4; i++) {
        int length = i <= 2 ? 4096 : 65536;
        ByteBuffer part = bytes.slice(i * 65536, length).order(ByteOrder.LITTLE_ENDIAN);
        part.putInt(4, 0);
        var crc = new CRC32C();
        crc.update(part.duplicate());
        part.putInt(4, (int) crc.getValue());
      }
    } else if (format.equals("vpc")) {
      seal(bytes, 0, 512, 64);
      seal(bytes, 512, 1024, 36);
    }
  }

  private static void seal(ByteBuffer bytes, int at, int length, int checksum) {
    bytes.putInt(at + checksum, 0);
    int sum = 0;
    for (int i = 0; i < length; i++) {
      sum += bytes.get(at + i) & 0xff;
    }
    bytes.putInt(at + checksum, ~sum);
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
