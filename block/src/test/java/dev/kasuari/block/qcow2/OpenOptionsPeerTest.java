package dev.kasuari.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageNode;
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
import java.util.stream.IntStream;
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

  private long room() {
    String info = Peer.img("info", "--output=json", "-f", "qcow2", "" + image);
    return Long.parseLong(info.replaceAll("(?s).*\"actual-size\": (\\d+).*", "$1"));
  }

  /**
   * How much room of the file's is given back: by a discard, with a snapshot, by what is written
   * over what was compressed.
   */
  private long givenBack(boolean byUs, String options, String how) throws Exception {
    image = folder.resolve(byUs ? "ours" : "theirs");
    Peer.img("create", "-q", "-f", "qcow2", "" + image, "16M");
    Peer.io("qcow2", image, List.of("write -q -P 3 0 8M"));
    if (how.equals("snapshot")) {
      Peer.img("snapshot", "-c", "s", "" + image);
      Peer.io("qcow2", image, List.of("write -q -P 4 0 8M"));
    }
    long before = room();
    String all = "discard=unmap,file.discard=unmap" + options;
    if (byUs) {
      BlockGraph graph = new BlockGraph();
      String text = "qcow2," + all + ",file.driver=file,file.filename=" + image;
      var source = OptionSource.of("", text, "driver");
      BlockNode node = graph.open(source, Access.write().withUnmap(true));
      try (Root root = Root.of(graph, "test", node)) {
        switch (how) {
          case "discard" -> root.node().discard(0, 4 << 20);
          case "zero" -> root.node().writeZeroes(0, 4 << 20, true);
          default -> ((ImageNode) root.node()).deleteSnapshot("s");
        }
      }
    } else {
      String opts = "driver=qcow2," + all + ",file.driver=file,file.filename=" + image;
      List<String> command =
          switch (how) {
            case "discard" -> List.of("qemu-io", "--image-opts", "-c", "discard 0 4M", opts);
            case "zero" -> List.of("qemu-io", "--image-opts", "-c", "write -z -u 0 4M", opts);
            default -> List.of("qemu-img", "snapshot", "--image-opts", "-d", "s", opts);
          };
      Peer.Result said = Peer.run(command);
      assertThat(said.code()).as(said.output()).isZero();
    }
    Peer.img("check", "-q", "-f", "qcow2", "" + image);
    return (before - room() + (512 << 10)) >> 20; // rounded: tables are the formats' own affair
  }

  @ParameterizedTest
  @CsvSource({
    "discard, ''",
    "discard, ',pass-discard-request=off'",
    "discard, ',pass-discard-request=on,pass-discard-snapshot=off'",
    "zero, ''",
    "zero, ',pass-discard-request=off'",
    "snapshot, ''",
    "snapshot, ',pass-discard-snapshot=off'",
    "snapshot, ',pass-discard-request=off,pass-discard-other=on'",
  })
  void filesAreToldWhatIsDiscarded(String how, String options) throws Exception {
    long theirs = givenBack(false, options, how);
    assertThat(givenBack(true, options, how)).isEqualTo(theirs);
    boolean off = options.contains(how.equals("snapshot") ? "snapshot=off" : "request=off");
    assertThat(theirs).isEqualTo(off ? 0 : how.equals("snapshot") ? 8 : 4);
  }

  /** With discard-no-unref the room is given back to the host, and the cluster is not. */
  @ParameterizedTest
  @ValueSource(strings = {"discard", "zero"})
  void discardedClustersStayTheImages(String how) throws Exception {
    assertThat(givenBack(true, ",discard-no-unref=on", how)).isEqualTo(4);
    long length = Files.size(image);
    List<Long> places = offsets();
    Peer.Result map = Peer.run(List.of("qemu-img", "map", "--output=json", "" + image));
    assertThat(map.output().lines().findFirst().orElseThrow())
        .contains("\"length\": 4194304", "\"zero\": true, \"data\": false");
    Peer.io("qcow2", image, List.of("read -q -P 0 0 4M", "write -q -P 6 1M 3M"));
    assertThat(offsets()).isEqualTo(places);
    assertThat(Files.size(image)).isEqualTo(length);
    assertThat(givenBack(true, ",discard-no-unref=on,pass-discard-request=off", how)).isZero();
    Peer.img("create", "-q", "-f", "qcow2", "-o", "compat=0.10", "" + image, "1M");
    assertThatThrownBy(() -> open(",discard-no-unref=on").close())
        .hasMessageContaining("discard-no-unref is only supported since qcow2 version 3");
  }

  /** What was read long ago leaves memory, and is read again; what has changed stays. */
  @Test
  void cachesAreCleaned() throws Exception {
    image = folder.resolve("large");
    Peer.img("create", "-q", "-f", "qcow2", "-o", "preallocation=metadata", "" + image, "8G");
    try (Root root = open(",cache-clean-interval=1");
        Arena arena = Arena.ofShared()) {
      var node = (Qcow2Node) root.node();
      MemorySegment some = arena.allocate(512);
      for (long at = 0; at < root.node().size(); at += 32 << 20) {
        root.read(at, some);
      }
      root.write(4096, some.fill((byte) 5));
      long before = node.locked(() -> node.map.cache().memory());
      long now = before;
      for (int i = 0; i < 300 && now > before / 4; i++) {
        Thread.sleep(50);
        now = node.locked(() -> node.map.cache().memory());
      }
      assertThat(now).isLessThanOrEqualTo(before / 4);
      root.read(1 << 20, some);
      root.read(4096, some);
      assertThat(some.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 7)).isEqualTo((byte) 5);
    }
    Peer.img("check", "-q", "-f", "qcow2", "" + image);
    assertThatThrownBy(() -> open(",cache-clean-interval=4294967296").close())
        .hasMessageContaining("Cache clean interval too big");
  }

  /** Where the first 64 clusters are, by the first L2 table. */
  private List<Long> offsets() throws Exception {
    ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(image));
    int table = (int) (all.getLong((int) all.getLong(40)) & Geometry.OFFSET_MASK);
    return IntStream.range(0, 64)
        .mapToObj(i -> all.getLong(table + i * 8) & Geometry.OFFSET_MASK)
        .toList();
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
