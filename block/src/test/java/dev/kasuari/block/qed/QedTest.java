package dev.kasuari.block.qed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.testing.CrashRun;
import dev.kasuari.block.testing.ImageMatrix;
import dev.kasuari.block.testing.Peer;
import dev.kasuari.block.testing.TestImages;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** QED in turns with QEMU, with power cuts, and damaged. */
class QedTest {
  @TempDir Path folder;

  @TestFactory
  @Tag("guest")
  Stream<DynamicTest> bothReadWhatEitherWrites() {
    Peer.require();
    return ImageMatrix.seeds(8, folder, Matrix::new);
  }

  @TestFactory
  @Tag("fast")
  Stream<DynamicTest> whatWasFlushedIsThere() {
    return CrashRun.seeds(
        4, seed -> new CrashRun("qed", "table_size=1,cluster_size=4096", seed, 4000));
  }

  /** Names that do not fit into the header's sector are in one place, then in another. */
  @Test
  @Tag("guest")
  void qemuFindsNamesWhereverTheyAre() throws Exception {
    Peer.require();
    Path behind = folder.resolve("a.qed");
    Peer.img("create", "-q", "-f", "qed", behind.toString(), "4M");
    Peer.io("qed", behind, java.util.List.of("write -P 7 0 128k"));
    Path image = folder.resolve("b.qed");
    Peer.img("create", "-q", "-f", "qed", "-F", "qed", "-b", behind.toString(), image.toString());
    for (int length : java.util.List.of(300, 200, 400, 250, 0, 350)) {
      String name = "./".repeat(length) + "a.qed";
      TestImages.with(
          "qed", image, Access.write(), node -> ((ImageNode) node).changeBacking(name, "qed"));
      Peer.Result info = Peer.run(java.util.List.of("/usr/bin/qemu-img", "info", image.toString()));
      assertThat(info.output()).contains("backing file: " + name + " (actual");
      Peer.io("qed", image, java.util.List.of("read -P 7 0 128k"));
      TestImages.with(
          "qed",
          image,
          Access.read(),
          node -> assertThat(TestImages.read(node, 0, 128 << 10)).containsOnly(7));
    }
    Peer.Result check =
        Peer.run(java.util.List.of("/usr/bin/qemu-img", "check", "-f", "qed", image.toString()));
    assertThat(check.output()).contains("No errors");
  }

  /** A table entry that names nothing; QEMU counts the same, and both mend it. */
  @Test
  @Tag("guest")
  void mendsWhatQemuMends() throws Exception {
    Peer.require();
    Path image = folder.resolve("a.qed");
    Peer.img("create", "-q", "-f", "qed", image.toString(), "4M");
    Peer.io("qed", image, java.util.List.of("write -P 1 0 128k"));
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.seek(7 * 65536 + 8); // of the second cluster
      file.write(new byte[] {0, 0, 0, 1});
      file.seek(16);
      file.write(2); // it asks for a check
    }
    Peer.Result theirs =
        Peer.run(java.util.List.of("/usr/bin/qemu-img", "check", "-f", "qed", image.toString()));
    assertThat(theirs.output()).contains("1 errors", "1 leaked");
    TestImages.with(
        "qed",
        image,
        Access.write(),
        node -> assertThat(TestImages.read(node, 0, 65536)).containsOnly(1));
    Peer.Result mended =
        Peer.run(java.util.List.of("/usr/bin/qemu-img", "check", "-f", "qed", image.toString()));
    assertThat(mended.output()).doesNotContain("errors were found on").contains("1 leaked");
  }

  private static final class Matrix extends ImageMatrix {
    private boolean behind;
    private int clusterBits;

    Matrix(Path folder, int seed) {
      super("qed", folder, seed);
    }

    @Override
    protected int choose() {
      behind = random.nextBoolean();
      clusterBits = 12 + random.nextInt(6);
      options.add("cluster_size=" + (1 << clusterBits));
      options.add("table_size=" + (2 << random.nextInt(3))); // QEMU opens none with 1
      return 8 * (1 + random.nextInt(512));
    }

    @Override
    protected @Nullable String backingFormat() {
      return behind ? "raw" : null;
    }

    @Override
    protected int unit() {
      return 1 << clusterBits;
    }

    @Override
    protected int otherSize() {
      // QEMU refuses to grow what has something behind it.
      return behind ? 0 : 8 * (1 + random.nextInt(512));
    }

    /** QEMU shows what is behind a cluster of zeroes when it writes a part of it. */
    @Override
    protected boolean zeroes() {
      return !behind;
    }

    @Override
    protected boolean shrinks() {
      return false;
    }
  }
}
