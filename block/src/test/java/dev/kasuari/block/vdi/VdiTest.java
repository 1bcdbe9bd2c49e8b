package dev.kasuari.block.vdi;

import dev.kasuari.block.testing.CrashRun;
import dev.kasuari.block.testing.ImageMatrix;
import dev.kasuari.block.testing.Peer;
import dev.kasuari.block.testing.RecordingNode;
import java.nio.file.Path;
import java.util.Arrays;
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
    return CrashRun.seeds(4, seed -> new Crashes(seed));
  }

  /** Also on a medium that is longer than the image and has something there. */
  private static final class Crashes extends CrashRun {
    Crashes(int seed) {
      super("vdi", "", seed, 12000);
    }

    @Override
    protected void made(RecordingNode file) {
      if (random.nextBoolean()) {
        byte[] image = file.content();
        byte[] longer = Arrays.copyOf(image, image.length + disk.length + (2 << 20));
        Arrays.fill(longer, image.length, longer.length, (byte) 0x5a);
        file.replace(longer);
      }
    }
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
