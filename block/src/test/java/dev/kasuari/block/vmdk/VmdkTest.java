package dev.kasuari.block.vmdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.testing.CrashRun;
import dev.kasuari.block.testing.ImageMatrix;
import dev.kasuari.block.testing.Peer;
import dev.kasuari.block.testing.TestImages;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** VMDK in turns with QEMU, read by libvmdk, with power cuts. */
class VmdkTest {
  @TempDir Path folder;

  @TestFactory
  @Tag("guest")
  Stream<DynamicTest> bothReadWhatEitherWrites() {
    Peer.require();
    return ImageMatrix.seeds(10, folder, Matrix::new);
  }

  @TestFactory
  @Tag("fast")
  Stream<DynamicTest> whatWasFlushedIsThere() {
    return CrashRun.seeds(
        4, seed -> new CrashRun("vmdk", seed % 2 == 0 ? "" : "zeroed_grain=on", seed, 4000));
  }

  /** Somebody else's disk must not become a way to files that nobody named. */
  @Test
  @Tag("fast")
  void namesNoFilesOutsideOfItsFolder() throws Exception {
    for (String name : List.of("/etc/passwd", "../x", "a/../../x", "nbd:localhost:10809")) {
      Path image =
          Files.writeString(
              folder.resolve("a.vmdk"),
              """
              # Disk DescriptorFile
              version=1
              CID=12345678
              parentCID=ffffffff
              createType="monolithicFlat"
              RW 1 FLAT "%s" 0
              """
                  .formatted(name));
      assertThatThrownBy(() -> TestImages.with("vmdk", image, Access.read(), n -> {}))
          .isInstanceOf(BlockException.class)
          .hasMessageContaining("outside of its folder");
    }
  }

  private static final class Matrix extends ImageMatrix {
    private static final String[] TYPES = {
      "monolithicSparse",
      "monolithicSparse",
      "monolithicFlat",
      "twoGbMaxExtentSparse",
      "twoGbMaxExtentFlat"
    };
    private String type = "";
    private boolean behind;

    Matrix(Path folder, int seed) {
      super("vmdk", folder, seed);
    }

    @Override
    protected int choose() {
      type = TYPES[random.nextInt(TYPES.length)];
      options.add("subformat=" + type);
      boolean flat = type.contains("Flat");
      behind = !flat && random.nextBoolean();
      if (!flat && random.nextBoolean()) {
        options.add("zeroed_grain=on");
      }
      if (random.nextBoolean()) {
        options.add("adapter_type=lsilogic");
      }
      if (random.nextBoolean()) {
        options.add("compat6=on");
      }
      return 1 + random.nextInt(8192);
    }

    @Override
    protected @Nullable String backingFormat() {
      return behind ? "vmdk" : null;
    }

    @Override
    protected int unit() {
      return 65536;
    }

    @Override
    protected void others(Path file) {
      Peer.Result said = Peer.run(List.of("/usr/bin/vmdkinfo", file.toString()));
      assertThat(said.code()).as(said.output()).isZero();
      assertThat(said.output()).contains("(" + disk.length + " bytes)");
    }
  }
}
