package dev.kasuari.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.testing.TestImages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A snapshot for which counts have no room is refused before anything has changed. */
@Tag("fast")
class NarrowRefcountTest {
  private static final int DISK = 1 << 20;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void aSnapshotTooManyChangesNothing(int bits) throws Exception {
    Path path = folder.resolve("image");
    TestImages.create("qcow2", path, DISK, "cluster_size=64k,refcount_bits=" + bits);
    byte[] disk = new byte[DISK];
    disk[0] = 1;
    TestImages.with(
        "qcow2",
        path,
        Access.write(),
        node -> {
          TestImages.write(node, 0, disk, 0, 65536);
          writeCompressed(node, 65536);
          writeCompressed(node, 131072); // shares a host cluster with the one before
          node.flush();
        });
    int taken = 0;
    while (snapshot(path)) {
      taken++;
      assertThat(taken).isLessThan(1 << bits);
    }
    byte[] before = Files.readAllBytes(path);
    assertThat(snapshot(path)).isFalse();
    assertThat(Files.readAllBytes(path)).isEqualTo(before);
    int kept = taken;
    TestImages.with(
        "qcow2",
        path,
        Access.write(),
        node -> {
          ImageNode image = (ImageNode) node;
          assertThat(image.snapshots()).hasSize(kept);
          CheckResult result = image.check(CheckResult.Repair.NONE, line -> {});
          assertThat(result.corruptions() + result.leaks()).isZero();
        });
  }

  private static boolean snapshot(Path path) {
    boolean[] done = new boolean[1];
    TestImages.with(
        "qcow2",
        path,
        Access.write(),
        node -> {
          try {
            ((ImageNode) node).createSnapshot("s", 1, 0);
            done[0] = true;
          } catch (BlockException e) {
            assertThat(e).hasMessageContaining("refcount_bits");
          }
        });
    return done[0];
  }

  private static void writeCompressed(BlockNode node, long offset) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(65536);
      bytes.fill((byte) 7);
      ((ImageNode) node).writeCompressed(offset, bytes);
    }
  }
}
