package dev.kasuari.block.vhdx;

import dev.kasuari.block.testing.CrashRun;
import dev.kasuari.block.testing.ImageMatrix;
import dev.kasuari.block.testing.Peer;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** VHDX in turns with QEMU, and with power cuts, after which the log is replayed. */
class VhdxTest {
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
    return CrashRun.seeds(3, seed -> new CrashRun("vhdx", "block_size=1M", seed, 10000));
  }

  private static final class Matrix extends ImageMatrix {
    private int mebibytes;

    Matrix(Path folder, int seed) {
      super("vhdx", folder, seed);
    }

    @Override
    protected int choose() {
      mebibytes = 1 << random.nextInt(4);
      options.add("block_size=" + mebibytes + "M");
      options.add("log_size=" + (1 + random.nextInt(3)) + "M");
      options.add("subformat=" + (random.nextInt(3) == 0 ? "fixed" : "dynamic"));
      return 1 + random.nextInt(16384);
    }

    @Override
    protected int unit() {
      return mebibytes << 20;
    }

    /** It says that all is data. */
    @Override
    protected boolean hasMap() {
      return false;
    }
  }
}
