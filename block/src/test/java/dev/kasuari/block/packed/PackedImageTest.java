package dev.kasuari.block.packed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.packed.PackedImages.Part;
import dev.kasuari.block.packed.PackedImages.Tables;
import dev.kasuari.block.testing.Peer;
import dev.kasuari.block.testing.TestImages;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images of Bochs, cloop and Apple's: what is read, beside QEMU, and what is refused. */
class PackedImageTest {
  @TempDir Path folder;

  /** An image and what is in it. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Made(byte[] disk, byte[] image) {}

  private static Made make(String format, Random random, @Nullable UnaryOperator<byte[]> bzip2) {
    byte[] disk = PackedImages.disk(random, 4 * (1 + random.nextInt(500)));
    return switch (format) {
      case "bochs" -> {
        int extent = 512 << random.nextInt(8);
        yield new Made(disk, PackedImages.bochs(disk, 1 + random.nextInt(2), extent, random));
      }
      case "cloop" -> new Made(disk, PackedImages.cloop(disk, 512 << random.nextInt(3)));
      default -> {
        Tables where = random.nextBoolean() ? Tables.LIST : Tables.RESOURCES;
        List<Part> parts = PackedImages.parts(disk, random, bzip2);
        yield new Made(disk, PackedImages.dmg(parts, disk.length / 512, where));
      }
    };
  }

  @TestFactory
  @Tag("guest")
  Stream<DynamicTest> qemuReadsTheSame() {
    Peer.require();
    int count = Integer.getInteger("kasuari.block.seeds", 4);
    return Stream.of("bochs", "cloop", "dmg")
        .flatMap(format ->
            IntStream.rangeClosed(1, count)
                .mapToObj(seed ->
                    DynamicTest.dynamicTest(
                        format + " seed " + seed,
                        () -> {
                          // Debian builds QEMU without bzip2.
                          Made made = make(format, new Random(seed), null);
                          Path image =
                              Files.write(folder.resolve(seed + "." + format), made.image());
                          Path raw = folder.resolve("raw");
                          Peer.img(
                              "convert",
                              "-f",
                              format,
                              "-O",
                              "raw",
                              image.toString(),
                              raw.toString());
                          assertThat(Files.readAllBytes(raw)).isEqualTo(made.disk());
                          String probed = Peer.img("info", image.toString());
                          assertThat(probed).contains("file format: " + format);
                        })));
  }

  @ParameterizedTest
  @ValueSource(strings = {"bochs", "cloop", "dmg"})
  @Tag("fast")
  void allIsRead(String format) {
    for (int seed = 1; seed <= 20; seed++) {
      var random = new Random(seed);
      Made made = make(format, random, PackedImages::bzip2);
      // The format is found out by how the image begins, or by its name.
      with(
          made.image(),
          format,
          null,
          node -> {
            assertThat(node.size()).isEqualTo(made.disk().length);
            assertThat(node.driver()).isEqualTo(format);
            assertThat(TestImages.firstDifference(node, made.disk())).isEqualTo(-1);
            for (int i = 0; i < 20; i++) {
              int at = random.nextInt(made.disk().length);
              int length = 1 + random.nextInt(made.disk().length - at);
              assertThat(ByteBuffer.wrap(TestImages.read(node, at, length)))
                  .isEqualTo(ByteBuffer.wrap(made.disk(), at, length));
            }
            zeroesAreZero(node, made.disk());
          });
    }
  }

  @Test
  @Tag("guest")
  void chunksOfTheProgramBzip2AreRead() {
    Made made = make("dmg", new Random(5), this::byProgram);
    with(
        made.image(),
        "dmg",
        null,
        node -> assertThat(TestImages.firstDifference(node, made.disk())).isEqualTo(-1));
  }

  private byte[] byProgram(byte[] bytes) {
    try {
      Path file = Files.write(folder.resolve("chunk"), bytes);
      Peer.Result done = Peer.run(List.of("bzip2", "-f", file.toString()));
      assertThat(done.code()).as(done.output()).isZero();
      return Files.readAllBytes(folder.resolve("chunk.bz2"));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void zeroesAreZero(BlockNode node, byte[] disk) {
    for (long at = 0; at < node.size(); ) {
      var status = node.status(at, node.size() - at);
      if (status.zero()) {
        for (int i = 0; i < status.length(); i++) {
          assertThat(disk[(int) at + i]).isZero();
        }
      }
      at += status.length();
    }
  }

  private void with(byte[] image, String format, @Nullable String asked, Consumer<BlockNode> work) {
    try {
      Path path = Files.write(folder.resolve("i." + format), image);
      TestImages.with(asked, path, Access.read(), work);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private void refused(byte[] image, String format, String why) {
    assertThatThrownBy(
            () -> with(image, format, format, node -> TestImages.read(node, 0, node.size())))
        .isInstanceOf(BlockException.class)
        .hasMessageContaining(why);
  }

  @Test
  @Tag("fast")
  void wrongCatalogsOfBochsAreRefused() {
    byte[] disk = PackedImages.disk(new Random(3), 64);
    byte[] good = PackedImages.bochs(disk, 2, 4096, new Random(3));
    refused(little(good, 72, 0x7fff_ffff), "bochs", "Catalog size is too large");
    refused(little(good, 72, 2), "bochs", "Catalog size is too small for this disk size");
    refused(little(good, 80, 4097), "bochs", "is not a power of two");
    refused(little(good, 80, 1 << 30), "bochs", "is too large");
    refused(little(good, 76, 0), "bochs", "bitmaps of 0 bytes");
    refused(little(good, 512, 0x00ff_ffff), "bochs", "extent 0 is not in the file");
    refused(little(good, 0, 0), "bochs", "Image not in Bochs format");
  }

  @Test
  @Tag("fast")
  void wrongOffsetsOfCloopAreRefused() {
    byte[] good = PackedImages.cloop(PackedImages.disk(new Random(3), 64), 4096);
    refused(big(good, 128, 0), "cloop", "block_size cannot be zero");
    refused(big(good, 128, 513), "cloop", "must be a multiple of 512");
    refused(big(good, 128, 1 << 30), "cloop", "must be 64 MB or less");
    refused(big(good, 132, -1), "cloop", "too many offsets");
    refused(big(good, 132, 1 << 20), "cloop", "the offsets are not in the file");
    refused(big(good, 144 + 4, 3), "cloop", "not monotonically increasing at index 1");
    refused(big(good, 144 + 4, 1 << 24), "cloop", "behind the end of the file");
    byte[] damaged = good.clone();
    java.util.Arrays.fill(damaged, 300, good.length, (byte) 0x55);
    refused(damaged, "cloop", "is damaged");
  }

  @Test
  @Tag("fast")
  void whatAppleHasAndWeDoNotIsNamed() {
    byte[] some = new byte[10];
    refused(one(0x8000_0004, 8, some), "dmg", "compressed by Apple Data Compression");
    refused(one(0x8000_0007, 8, some), "dmg", "compressed by LZFSE");
    refused(one(0x8000_0008, 8, some), "dmg", "compressed by LZMA");
    refused(one(0x8000_0099, 8, some), "dmg", "chunks of type 0x80000099 are not known");
  }

  @Test
  @Tag("fast")
  void wrongTablesOfAppleAreRefused() {
    byte[] some = new byte[1024];
    refused(one(1, 8, some), "dmg", "chunk 1 has 1024 bytes of 4096");
    refused(one(0x8000_0005, 8, some), "dmg", "is damaged");
    refused(one(0x8000_0006, 8, some), "dmg", "is damaged");
    refused(one(0x8000_0005, 1 << 20, some), "dmg", "larger than max");
    refused(one(0, 1 << 21, some), "dmg", "sectors that the disk does not have");
    var twice = List.of(new Part(1, 0, 2, some), new Part(1, 1, 2, some));
    refused(PackedImages.dmg(twice, 4, Tables.LIST), "dmg", "two chunks have the sector 1");
    var hole = List.of(new Part(1, 0, 2, some));
    refused(PackedImages.dmg(hole, 4, Tables.LIST), "dmg", "sector 2 is in none");
    refused(new byte[4096], "dmg", "Could not locate UDIF trailer");
  }

  private static byte[] one(int type, int sectors, byte[] stored) {
    return PackedImages.dmg(List.of(new Part(type, 0, sectors, stored)), 1 << 20, Tables.RESOURCES);
  }

  private static byte[] little(byte[] image, int at, int value) {
    return big(image, at, Integer.reverseBytes(value));
  }

  private static byte[] big(byte[] image, int at, int value) {
    byte[] bad = image.clone();
    ByteBuffer.wrap(bad).putInt(at, value);
    return bad;
  }
}
