package dev.kasuari.block.qcow;

import dev.kasuari.block.testing.CrashRun;
import dev.kasuari.block.testing.ImageMatrix;
import dev.kasuari.block.testing.Peer;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The first qcow in turns with QEMU, and with power cuts. */
class QcowTest {
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
    return CrashRun.seeds(4, Run::new);
  }

  private static final class Run extends CrashRun {
    Run(int seed) {
      super("qcow", "", seed, 4000);
    }

    @Override
    protected boolean hasChecks() {
      return false;
    }
  }

  private static final class Matrix extends ImageMatrix {
    private boolean behind;

    Matrix(Path folder, int seed) {
      super("qcow", folder, seed);
    }

    @Override
    protected int choose() {
      behind = random.nextBoolean();
      return 1 + random.nextInt(4096);
    }

    @Override
    protected @Nullable String backingFormat() {
      return behind ? "raw" : null;
    }

    @Override
    protected int unit() {
      return behind ? 512 : 4096;
    }

    @Override
    protected boolean compresses() {
      return true;
    }

    @Override
    protected boolean hasChecks() {
      return false;
    }

    /** The image does not keep it. */
    @Override
    protected List<String> otherFacts() {
      return List.of("backing-filename-format");
    }
  }
}
