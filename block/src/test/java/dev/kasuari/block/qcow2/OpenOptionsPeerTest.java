package dev.kasuari.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.Root;
import dev.kasuari.block.testing.Peer;
import dev.kasuari.qapi.OptionSource;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an image is opened with means the same as with QEMU: sizes of caches, overlap checks. */
@Tag("guest")
class OpenOptionsPeerTest {
  private static final int CLUSTER = 65536;
  @TempDir Path folder;
  private Path image = Path.of("");

  @BeforeEach
  void image() {
    Peer.require();
    image = folder.resolve("image");
    Peer.img("create", "-q", "-f", "qcow2", image.toString(), "8M");
    Peer.io("qcow2", image, List.of("write -q 0 64k"));
    Peer.img("snapshot", "-c", "s", image.toString());
    Peer.img("bitmap", "--add", image.toString(), "b");
    Peer.io("qcow2", image, List.of("write -q 0 128k"));
  }

  private Root open(String options) {
    BlockGraph graph = new BlockGraph();
    String text = "qcow2" + options + ",file.driver=file,file.filename=" + image;
    return Root.of(graph, "test", graph.open(OptionSource.of("", text, "driver"), Access.write()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "l2-cache-size=4M,cache-size=2M",
        "l2-cache-size=1M,cache-size=2M,refcount-cache-size=1M",
        "refcount-cache-size=4M,cache-size=2M",
        "l2-cache-entry-size=100",
        "l2-cache-entry-size=131072",
        "l2-cache-entry-size=256",
        "overlap-check=foo",
        "overlap-check.template=bar",
      })
  void refusesWhatQemuRefuses(String options) {
    Peer.Result theirs =
        Peer.run(
            List.of(
                "qemu-img",
                "info",
                "--image-opts",
                "driver=qcow2," + options + ",file.filename=" + image));
    assertThat(theirs.code()).isEqualTo(1);
    Throwable ours = catchThrowable(() -> open("," + options).close());
    assertThat(ours).isInstanceOf(BlockException.class);
    assertThat(theirs.output().strip())
        .endsWith(String.valueOf(ours.getMessage()).replaceFirst(".*': ", ""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "l2-cache-size=1,refcount-cache-size=1,l2-cache-entry-size=512",
        "cache-size=1",
        "cache-size=64k,l2-cache-size=64k,l2-cache-entry-size=64k",
        "cache-size=1T,refcount-cache-size=100G",
      })
  void cachesOfAnySizeWork(String options) throws Exception {
    Path path = folder.resolve("disk");
    Peer.img("create", "-q", "-f", "qcow2", "" + path, "64M");
    image = path;
    byte[] disk = new byte[64 << 20];
    Random random = new Random(1);
    try (Root root = open("," + options);
        Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(1 << 20);
      for (int i = 0; i < 300; i++) {
        int length = 512 * (1 + random.nextInt(100));
        int at = random.nextInt(disk.length - length) & -512;
        byte value = (byte) random.nextInt();
        Arrays.fill(disk, at, at + length, value);
        root.write(at, buffer.asSlice(0, length).fill(value));
      }
    }
    Peer.img("check", "-f", "qcow2", "" + path);
    Peer.img("convert", "-f", "qcow2", "-O", "raw", "" + path, "" + folder.resolve("raw"));
    assertThat(Files.readAllBytes(folder.resolve("raw"))).isEqualTo(disk);
  }

  /** Where a structure is. */
  private long place(String structure) throws Exception {
    ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(image));
    int l1 = (int) all.getLong(40);
    int counts = (int) all.getLong(48);
    int snapshots = (int) all.getLong(64);
    return switch (structure) {
      case "main-header" -> 0;
      case "active-l1" -> l1;
      case "active-l2" -> all.getLong(l1) & Geometry.OFFSET_MASK;
      case "refcount-table" -> counts;
      case "refcount-block" -> all.getLong(counts);
      case "snapshot-table" -> snapshots;
      case "inactive-l1" -> all.getLong(snapshots);
      case "inactive-l2" -> all.getLong((int) all.getLong(snapshots)) & Geometry.OFFSET_MASK;
      default -> {
        int at = all.getInt(100);
        while (all.getInt(at) != Header.EXTENSION_BITMAPS) {
          at += 8 + ((all.getInt(at + 4) + 7) & -8);
        }
        yield all.getLong(at + 8 + 16);
      }
    };
  }

  /** The second cluster of the disk is where the structure is. */
  private void damage(String structure) throws Exception {
    long there = place(structure);
    long table = place("active-l2");
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.seek(table + 8);
      file.writeLong(there | Geometry.COPIED);
    }
  }

  private static void write(Root root) {
    try (Arena arena = Arena.ofConfined()) {
      root.write(CLUSTER, arena.allocate(CLUSTER).fill((byte) 7));
    }
  }

  private boolean corrupt(Path path) {
    return Peer.img("info", "--output=json", "-f", "qcow2", "" + path)
        .contains("\"corrupt\": true");
  }

  @ParameterizedTest
  @CsvSource({
    "active-l1, constant",
    "active-l2, constant",
    "refcount-table, none",
    "refcount-block, constant",
    "snapshot-table, none",
    "inactive-l1, constant",
    "inactive-l2, cached",
    "bitmap-directory, none",
  })
  void nothingIsWrittenOverMetadata(String structure, String without) throws Exception {
    damage(structure);
    Path theirs = folder.resolve("theirs");
    Path third = folder.resolve("third");
    Files.copy(image, theirs);
    Files.copy(image, third);
    String said =
        Peer.run(
                List.of(
                    "qemu-io",
                    "--image-opts",
                    "-c",
                    "write 64k 64k",
                    "driver=qcow2,overlap-check=all,file.filename=" + theirs))
            .output();
    assertThat(said).contains("Preventing invalid write on metadata");
    Root root = open(",overlap-check=all");
    Throwable refused = catchThrowable(() -> write(root));
    assertThat(refused).isInstanceOf(BlockException.class);
    assertThat(said).contains(refused.getMessage());
    assertThatThrownBy(() -> write(root)).isInstanceOf(BlockException.class);
    root.close();
    assertThat(corrupt(image)).isTrue().isEqualTo(corrupt(theirs));
    assertThatThrownBy(() -> open("").close())
        .hasMessageContaining("Image is corrupt; cannot be opened read/write");
    Files.copy(third, image, StandardCopyOption.REPLACE_EXISTING);
    try (Root careless = open(",overlap-check=" + without)) {
      write(careless);
    } catch (BlockException e) {
      assertThat(e).hasMessageNotContaining("Preventing invalid write");
    }
    Files.copy(third, image, StandardCopyOption.REPLACE_EXISTING);
    String one = ",overlap-check.template=none,overlap-check." + structure + "=on";
    try (Root careful = open(one)) {
      assertThatThrownBy(() -> write(careful)).hasMessage(refused.getMessage());
    }
  }

  @Test
  void flagsAreLookedAt() {
    assertThatThrownBy(() -> open(",overlap-check.active-l3=on").close())
        .hasMessageContaining("active-l3");
    assertThatThrownBy(() -> open(",overlap-check.active-l2=perhaps").close())
        .hasMessageContaining("'on' or 'off'");
  }
}
