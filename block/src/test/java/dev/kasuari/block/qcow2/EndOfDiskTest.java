package dev.kasuari.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.testing.TestImages;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A disk that ends within a cluster, of which the end becomes zero: the beginning stays. */
@Tag("fast")
class EndOfDiskTest {
  private static final int START = 65536;
  private static final int SIZE = START + 20 * 512;
  private static final int ZEROES = START + 11 * 512;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {"compat=0.10", "compat=1.1", "extended_l2=on", "compat=0.10,cluster_size=512"})
  void staysInFrontOfZeroes(String options) throws Exception {
    run(options, node -> node.writeZeroes(ZEROES, SIZE - ZEROES, true), SIZE);
    run(options, node -> node.truncate(SIZE + 5 * 512, Preallocation.OFF), SIZE + 5 * 512);
    run(options, node -> node.truncate(ZEROES, Preallocation.OFF), ZEROES);
  }

  private void run(String options, Consumer<BlockNode> change, int size) throws Exception {
    Path path = folder.resolve("a.qcow2");
    byte[] disk = new byte[SIZE];
    Arrays.fill(disk, (byte) 7);
    TestImages.create("qcow2", path, SIZE, options);
    TestImages.with(
        "qcow2",
        path,
        Access.write(),
        node -> {
          TestImages.write(node, 0, disk, 0, SIZE);
          change.accept(node);
        });
    if (size == SIZE) {
      Arrays.fill(disk, ZEROES, SIZE, (byte) 0);
    }
    TestImages.with(
        "qcow2",
        path,
        Access.read(),
        node ->
            assertThat(TestImages.firstDifference(node, Arrays.copyOf(disk, size))).isEqualTo(-1));
  }
}
