package dev.kasuari.block.parallels;

import dev.kasuari.block.testing.CrashRun;
import dev.kasuari.block.testing.ImageMatrix;
import dev.kasuari.block.testing.Peer;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Parallels images in turns with QEMU, and with power cuts. */
class ParallelsTest {
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
    return CrashRun.seeds(4, seed -> new CrashRun("parallels", "cluster_size=64k", seed, 4000));
  }

  private static final class Matrix extends ImageMatrix {
    private int unit;

    Matrix(Path folder, int seed) {
      super("parallels", folder, seed);
    }

    @Override
    protected int choose() {
      unit = 1 << (12 + random.nextInt(9));
      options.add("cluster_size=" + unit);
      // If an empty image has a table longer than a cluster, the check of QEMU 7.2 miscounts.
      int entries = (unit - Header.SIZE) / Integer.BYTES;
      return 1 + random.nextInt(Math.min(8192, entries * (unit / 512)));
    }

    @Override
    protected int unit() {
      return unit;
    }

    /** QEMU 7.2 does not say it. */
    @Override
    protected List<String> otherFacts() {
      return List.of("dirty-flag");
    }
  }
}
