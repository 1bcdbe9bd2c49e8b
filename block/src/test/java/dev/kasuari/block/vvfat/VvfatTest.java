package dev.kasuari.block.vvfat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Zeroes;
import dev.kasuari.block.testing.Peer;
import dev.kasuari.block.testing.TestImages;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A folder as a disk, beside dosfstools and mtools. */
@Timeout(120)
class VvfatTest {
  private static final int CHUNK = 1 << 20;

  @TempDir Path scratch;

  private Path folder() throws IOException {
    return Files.createDirectories(scratch.resolve("folder"));
  }

  private static void with(String name, Access access, Consumer<BlockNode> work) {
    TestImages.with(null, Path.of(name), access, work);
  }

  /** Files of all kinds of names and sizes, about a megabyte. */
  private Path fill(Random random) throws IOException {
    Path root = folder();
    Path inner = Files.createDirectories(root.resolve("a folder/within.another/UPPER"));
    var names =
        List.of(
            "README.TXT",
            "readme.md",
            "ReadMe.markdown",
            "a",
            "A name with spaces.text",
            ".hidden",
            "x.tar.gz",
            "exactly8.abc",
            "thirteen.lett",
            "grün-Ωmega.txt",
            "plus+comma,.semi;",
            "readme(1).md",
            "longlonglong1.txt",
            "longlonglong2.txt",
            "longlonglong3.txt");
    for (String name : names) {
      for (Path dir : List.of(root, inner)) {
        byte[] content = new byte[random.nextInt(4) == 0 ? 0 : random.nextInt(30_000)];
        random.nextBytes(content);
        Files.write(dir.resolve(name), content);
      }
    }
    Path many = Files.createDirectories(root.resolve("many"));
    for (int i = 0; i < 100; i++) {
      Files.writeString(many.resolve("file number " + i), "" + i);
    }
    return root;
  }

  private static Map<String, String> tree(Path root) throws IOException {
    var out = new TreeMap<String, String>();
    try (Stream<Path> all = Files.walk(root)) {
      for (Path one : all.toList()) {
        String name = root.relativize(one).toString();
        out.put(
            name,
            Files.isDirectory(one)
                ? "folder"
                : java.util.Arrays.hashCode(Files.readAllBytes(one)) + " " + Files.size(one));
      }
    }
    return out;
  }

  /** The volume of a disk as a file with holes. */
  private static void copy(BlockNode node, long from, Path to) {
    try (Arena arena = Arena.ofConfined();
        FileChannel out =
            FileChannel.open(to, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      MemorySegment chunk = arena.allocate(CHUNK);
      for (long at = from; at < node.size(); at += CHUNK) {
        MemorySegment part = chunk.asSlice(0, Math.min(CHUNK, node.size() - at));
        node.read(at, part);
        if (!Zeroes.all(part) || at + CHUNK >= node.size()) {
          out.write(part.asByteBuffer(), at - from);
        }
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "fat:, 1032192, 63",
    "fat:12:, 64512, 63",
    "fat:32:, 1032192, 63",
    "fat:floppy:, 5760, 0",
    "fat:floppy:16:rw:, 5760, 0",
    "fat:rw:12:floppy:, 2880, 0"
  })
  @Tag("guest")
  void otherProgramsFindAllFiles(String words, long sectors, long first) throws IOException {
    Path root = fill(new Random(sectors));
    Path volume = scratch.resolve("volume");
    with(
        words + root,
        Access.read(),
        node -> {
          assertThat(node.size()).isEqualTo(sectors * 512);
          copy(node, first * 512, volume);
        });
    Peer.Result checked = Peer.run(List.of("/usr/sbin/fsck.fat", "-n", "-v", volume.toString()));
    assertThat(checked.code()).as(checked.output()).isZero();
    assertThat(checked.output()).doesNotContain("differ", "wrong", "bad", "Bad", "Orphan");
    Path back = Files.createDirectories(scratch.resolve("back"));
    Peer.Result copied =
        Peer.run(
            List.of(
                "/usr/bin/env",
                "LC_ALL=C.UTF-8",
                "mcopy",
                "-s",
                "-i",
                volume.toString(),
                "::/",
                back.toString()));
    assertThat(copied.code()).as(copied.output()).isZero();
    assertThat(tree(back)).isEqualTo(tree(root));
  }

  @Test
  @Tag("guest")
  void sizesAreThoseOfQemu() throws IOException {
    Path root = fill(new Random(4));
    for (String words : List.of("fat:", "fat:12:", "fat:floppy:", "fat:12:floppy:")) {
      String theirs = Peer.img("info", "--output=json", "-U", words + root);
      with(
          words + root,
          Access.read(),
          node -> assertThat(theirs).contains("\"virtual-size\": " + node.size() + ","));
    }
  }

  @Test
  @Tag("fast")
  void whatIsWrittenStaysInMemory() throws IOException {
    Path root = fill(new Random(7));
    Map<String, String> before = tree(root);
    with(
        "fat:rw:" + root,
        Access.write(),
        node -> {
          byte[] some = new byte[70_000];
          new Random(8).nextBytes(some);
          byte[] there = TestImages.read(node, 0, 1 << 20);
          TestImages.write(node, 12_345, some, 0, some.length);
          node.writeZeroes(500_001, 9_999, true);
          System.arraycopy(some, 0, there, 12_345, some.length);
          java.util.Arrays.fill(there, 500_001, 510_000, (byte) 0);
          assertThat(TestImages.read(node, 0, 1 << 20)).isEqualTo(there);
          TestImages.write(node, node.size() - 5, some, 0, 5);
          assertThat(TestImages.read(node, node.size() - 5, 5))
              .startsWith(some[0], some[1], some[2]);
        });
    assertThat(tree(root)).isEqualTo(before);
    with(
        "fat:" + root,
        Access.write().withAutoReadOnly(true),
        node ->
            assertThatThrownBy(() -> node.writeZeroes(0, 512, false))
                .hasMessageContaining("read-only"));
  }

  @Test
  @Tag("fast")
  void nothingOutsideOfTheFolderIsRead() throws IOException {
    Path root = folder();
    Path secret = Files.writeString(scratch.resolve("secret"), "open sesame");
    Files.createSymbolicLink(root.resolve("leads-out"), secret);
    Files.createSymbolicLink(root.resolve("loop"), root);
    Files.createSymbolicLink(root.resolve("nowhere"), root.resolve("none"));
    Files.writeString(root.resolve("inside"), "all may see this");
    Files.createSymbolicLink(root.resolve("link"), root.resolve("inside"));
    var names = Folder.scan(root).items().stream().map(Folder.Item::name).toList();
    assertThat(names).containsExactly("inside", "link");
    with(
        "fat:12:floppy:" + root,
        Access.read(),
        node -> {
          String all =
              new String(
                  TestImages.read(node, 0, node.size()),
                  java.nio.charset.StandardCharsets.ISO_8859_1);
          assertThat(all).contains("all may see this").doesNotContain("open sesame");
        });
  }

  @Test
  @Tag("fast")
  void shortNamesAreDifferent() {
    var names = new ShortNames();
    assertThat(names.of("README.TXT")).isEqualTo(new ShortNames.Name("README  TXT", true));
    assertThat(names.of("readme.txt").text()).isEqualTo("README~1TXT");
    assertThat(names.of("a.b.c").text()).isEqualTo("AB~1    C  ");
    assertThat(names.of("verylongname.html").text()).isEqualTo("VERYLO~1HTM");
    assertThat(names.of("verylongname2.html").text()).isEqualTo("VERYLO~2HTM");
    assertThat(names.of("...").text()).isEqualTo("_~1        ");
  }

  @Test
  @Tag("fast")
  void whatFatCannotSayIsRefused() throws IOException {
    Path root = folder();
    refused("fat:" + scratch.resolve("none"), "is not a folder");
    refused("fat:", "requires a 'dir' option");
    refused(
        "json:{\"driver\":\"vvfat\",\"dir\":\"" + root + "\",\"fat-type\":13}", "12, 16 and 32");
    refused(
        "json:{\"driver\":\"vvfat\",\"dir\":\"" + root + "\",\"label\":\"too long a label\"}",
        "vvfat label cannot be longer than 11 bytes");
    refused("fat:32:floppy:" + root, "a floppy disk has FAT12 or FAT16");
    try (var file = new java.io.RandomAccessFile(root.resolve("big").toFile(), "rw")) {
      file.setLength(3 << 20);
      refused("fat:floppy:" + root, "Directory does not fit in FAT12 (capacity 2.88 MB)");
      file.setLength(1L << 32);
      refused("fat:32:" + root, "is larger than FAT can say");
    }
  }

  private static void refused(String name, String why) {
    assertThatThrownBy(() -> with(name, Access.read(), node -> {}))
        .isInstanceOf(BlockException.class)
        .hasMessageContaining(why);
  }
}
