package dev.kasuari.block.vdi;

import dev.kasuari.block.testing.CrashRun;
import dev.kasuari.block.testing.ImageMatrix;
import dev.kasuari.block.testing.Peer;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** VDI in turns with QEMU, and with power cuts. */
class VdiTest {
  @TempDir Path folder;

  @TestFactory
  @Tag("guest")
  Stream<DynamicTest> bothReadWhatEitherWrites() {
    Peer.require();
    return ImageMatrix.seeds(6, folder, Matrix::new);
  }

  @TestFactory
  @Tag("fast")
  Stream<DynamicTest> whatWasFlushedIsThere() {
    return CrashRun.seeds(3, seed -> new CrashRun("vdi", "", seed, 12000));
  }

  private static final class Matrix extends ImageMatrix {
    Matrix(Path folder, int seed) {
      super("vdi", folder, seed);
    }

    @Override
    protected int choose() {
      options.add("static=" + (random.nextInt(4) == 0 ? "on" : "off"));
      return 1 + random.nextInt(16384);
    }

    @Override
    protected int unit() {
      return 1 << 20;
    }
  }
}
