package dev.kasuari.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.testing.ImageMatrix;
import dev.kasuari.block.testing.Peer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** qcow2 in turns with QEMU: see {@link ImageMatrix}. */
@Tag("guest")
class Qcow2MatrixTest {
  @TempDir Path folder;

  @BeforeAll
  static void peer() {
    Peer.require();
  }

  @TestFactory
  Stream<DynamicTest> bothReadWhatEitherWrites() {
    return ImageMatrix.seeds(24, folder, Matrix::new);
  }

  private static final class Matrix extends ImageMatrix {
    private boolean old;
    private boolean behind;
    private boolean raw;
    private @Nullable Path dataFile;
    private int clusterBits;

    Matrix(Path folder, int seed) {
      super("qcow2", folder, seed);
    }

    @Override
    protected int choose() {
      old = random.nextInt(5) == 0;
      behind = random.nextBoolean();
      boolean extended = !old && random.nextInt(3) == 0;
      clusterBits = extended ? 14 + random.nextInt(4) : 9 + random.nextInt(10);
      options.add("compat=" + (old ? "0.10" : "1.1"));
      options.add("cluster_size=" + (1 << clusterBits));
      if (extended) {
        options.add("extended_l2=on");
      }
      if (!old) {
        options.add("refcount_bits=" + (1 << random.nextInt(7)));
        if (random.nextInt(3) == 0) {
          options.add("lazy_refcounts=on");
        }
        if (random.nextInt(3) == 0) {
          options.add("compression_type=zstd");
        }
      }
      if (!old && random.nextInt(4) == 0) {
        raw = random.nextBoolean();
        behind &= !raw;
        dataFile = folder.resolve("data" + random.nextInt());
        options.add("data_file=" + dataFile);
        options.add("data_file_raw=" + (raw ? "on" : "off"));
      }
      return otherSize();
    }

    /** What must read as the disk does; QEMU fills it up to whole clusters. */
    @Override
    protected void others(Path image) {
      if (raw && dataFile != null) {
        try {
          byte[] apart = Arrays.copyOf(Files.readAllBytes(dataFile), disk.length);
          assertThat(Arrays.mismatch(disk, apart)).isEqualTo(-1);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
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
      return 1 + random.nextInt(4096);
    }

    /** Version 2 cannot make zeroes over what is behind, and QEMU does not write them. */
    @Override
    protected boolean theyGrow() {
      return !old || !behind;
    }

    @Override
    protected boolean discards() {
      return !old || !behind;
    }

    @Override
    protected boolean compresses() {
      return dataFile == null;
    }

    /** Compressed clusters share a host cluster, and each snapshot counts all of them again. */
    @Override
    protected boolean hasSnapshots() {
      return dataFile == null
          && List.of(1, 2, 4, 8).stream().noneMatch(w -> options.contains("refcount_bits=" + w));
    }

    @Override
    protected boolean snapshotsKeepSize() {
      return !old;
    }
  }
}
