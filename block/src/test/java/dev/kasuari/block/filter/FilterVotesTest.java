package dev.kasuari.block.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Root;
import dev.kasuari.block.testing.TestImages;
import dev.kasuari.qapi.OptionSource;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Filters with more than one node under them, and what writes to files. */
@Tag("fast")
@EnabledOnOs(OS.LINUX)
class FilterVotesTest {
  private static final int SIZE = 1 << 20;

  @TempDir Path folder;
  private final BlockGraph graph = new BlockGraph();

  private Path raw(String name, int content) throws IOException {
    byte[] bytes = new byte[SIZE];
    Arrays.fill(bytes, (byte) content);
    return Files.write(folder.resolve(name), bytes);
  }

  private Root open(String options) {
    BlockNode node = graph.open(OptionSource.of("", options, "driver"), Access.write());
    return Root.of(graph, "test", node);
  }

  private static String child(int number, Path path) {
    String key = ",children." + number;
    return key + ".driver=file" + key + ".filename=" + path;
  }

  private static byte[] some(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @Test
  void theMajorityIsRead() throws Exception {
    Path one = raw("one", 1);
    Path two = raw("two", 1);
    Path three = raw("three", 3);
    String all = child(0, three) + child(1, one) + child(2, two);
    try (Root root = open("quorum,vote-threshold=2,rewrite-corrupted=on" + all)) {
      assertThat(TestImages.read(root.node(), 4096, 8192)).containsOnly(1);
      TestImages.write(root.node(), 0, some(512, 9), 0, 512);
    }
    for (Path path : new Path[] {one, two, three}) {
      byte[] bytes = Files.readAllBytes(path);
      assertThat(bytes[0]).isEqualTo((byte) 9);
      assertThat(bytes[5000]).as("rewritten").isEqualTo((byte) 1);
    }
    assertThat(Files.readAllBytes(three)[SIZE - 1]).isEqualTo((byte) 3);
    try (Root root = open("quorum,vote-threshold=3" + all)) {
      assertThatThrownBy(() -> TestImages.read(root.node(), SIZE - 512, 512))
          .hasMessageContaining("do not agree");
    }
    assertThatThrownBy(() -> open("quorum,vote-threshold=4" + all))
        .hasMessage("threshold may not exceed children count");
  }

  @Test
  void oneThatFailsIsOutvoted() throws Exception {
    Path one = raw("one", 1);
    Path two = raw("two", 2);
    String broken =
        ",children.0.driver=blkdebug,children.0.inject-error.0.event=none,"
            + "children.0.image.driver=file,children.0.image.filename="
            + one;
    try (Root root = open("quorum,vote-threshold=1,read-pattern=fifo" + broken + child(1, two))) {
      assertThat(TestImages.read(root.node(), 0, 512)).containsOnly(2);
      TestImages.write(root.node(), 0, some(512, 9), 0, 512);
    }
    try (Root root = open("quorum,vote-threshold=2" + broken + child(1, two))) {
      assertThatThrownBy(() -> TestImages.write(root.node(), 0, some(512, 9), 0, 512))
          .hasMessage("Input/output error");
    }
  }

  @Test
  void aDifferenceIsFound() throws Exception {
    Path one = raw("one", 1);
    Path two = raw("two", 1);
    Files.write(two, some(SIZE - 512, 1));
    try (var file = new RandomAccessFile(two.toFile(), "rw")) {
      file.setLength(SIZE);
    }
    String both =
        "blkverify,test.driver=file,test.filename=" + one + ",raw.driver=file,raw.filename=" + two;
    try (Root root = open(both)) {
      assertThat(TestImages.read(root.node(), 0, 512)).containsOnly(1);
      TestImages.write(root.node(), 512, some(512, 4), 0, 512);
      assertThat(TestImages.read(root.node(), 512, 512)).containsOnly(4);
      assertThatThrownBy(() -> TestImages.read(root.node(), SIZE - 1024, 1024))
          .hasMessageEndingWith("contents mismatch at offset " + (SIZE - 512));
    }
  }

  @Test
  void writesAreLogged() throws Exception {
    Path disk = raw("disk", 1);
    Path log = Files.write(folder.resolve("log"), new byte[0]);
    String options =
        "blklogwrites,file.driver=file,file.filename="
            + disk
            + ",log.driver=file,log.filename="
            + log;
    try (Root root = open(options)) {
      TestImages.write(root.node(), 1024, some(1024, 7), 0, 1024);
      root.flush();
    }
    try (Root root = open(options + ",log-append=on")) {
      root.writeZeroes(4096, 512, false);
      root.flush();
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(log)).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(bytes.getLong(0)).isEqualTo(0x6a736677736872L);
    assertThat(bytes.getLong(16)).as("entries").isEqualTo(4);
    assertThat(bytes.getInt(24)).isEqualTo(512);
    assertThat(bytes.getLong(512)).as("sector").isEqualTo(2);
    assertThat(bytes.getLong(520)).as("sectors").isEqualTo(2);
    assertThat(bytes.get(1024)).isEqualTo((byte) 7);
    assertThat(bytes.getLong(512 * 4 + 16)).as("flush").isEqualTo(1);
    assertThat(bytes.getLong(512 * 5)).isEqualTo(8);
    assertThat(bytes.get(512 * 6)).isZero();
    assertThat(bytes.getLong(512 * 7 + 16)).isEqualTo(1);
  }

  @Test
  void aGrowingFileGrowsInSteps() throws Exception {
    Path path = Files.write(folder.resolve("disk"), new byte[512]);
    try (Root root =
        open(
            "preallocate,prealloc-size=1M,prealloc-align=64k,file.driver=file,file.filename="
                + path)) {
      TestImages.write(root.node(), 512, some(1024, 7), 0, 1024);
      assertThat(root.size()).isEqualTo(1536);
      assertThat(Files.size(path)).isEqualTo((1 << 20) + 65536);
    }
    assertThat(Files.size(path)).isEqualTo(1536);
  }

  @Test
  void nothingTakesItsTime() {
    try (Root root = open("null-aio,size=1M,latency-ns=20000000,read-zeroes=on")) {
      long before = System.nanoTime();
      assertThat(TestImages.read(root.node(), 0, 512)).containsOnly(0);
      assertThat(System.nanoTime() - before).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(19));
    }
  }
}
