package dev.kasuari.block.vpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.testing.CrashRun;
import dev.kasuari.block.testing.DifferencingImages;
import dev.kasuari.block.testing.ImageMatrix;
import dev.kasuari.block.testing.Peer;
import dev.kasuari.block.testing.RecordingNode;
import dev.kasuari.block.testing.TestImages;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** VHD in turns with QEMU, read by libvhdi, with power cuts, and with a parent. */
class VpcTest {
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
    return CrashRun.seeds(3, seed -> new NoCheck(seed));
  }

  @TestFactory
  @Tag("fast")
  Stream<DynamicTest> whatWasFlushedIsInTheDifferencingImage() {
    return CrashRun.seeds(3, Differencing::new);
  }

  /** A differencing image before one that is all zeroes. */
  private static final class Differencing extends NoCheck {
    Differencing(int seed) {
      super(seed);
    }

    @Override
    protected void made(RecordingNode file) {
      ByteBuffer image = ByteBuffer.wrap(file.content()).order(ByteOrder.BIG_ENDIAN);
      becomeDifferencing(image, 0);
      becomeDifferencing(image, image.limit() - 512);
      file.replace(image.array());
    }

    @Override
    protected String opening() {
      return "driver=vpc,backing.driver=null-co,backing.read-zeroes=on,backing.size=32M";
    }
  }

  private static class NoCheck extends CrashRun {
    NoCheck(int seed) {
      super("vpc", "force_size=on", seed, 20000);
    }

    @Override
    protected boolean hasChecks() {
      return false;
    }
  }

  /** As qemu-img 7.2 makes them. */
  @ParameterizedTest
  @Tag("fast")
  @CsvSource({
    "1048576, 1079296",
    "3145728, 3168256",
    "104857600, 104865792",
    "136365211648, 136365219840",
    "1610612736000, 1610612736000"
  })
  void roundsSizesUpToGeometries(long asked, long made) {
    ChsGeometry geometry = ChsGeometry.atLeast(asked / 512);
    boolean bySize = geometry.equals(ChsGeometry.LARGEST);
    assertThat(bySize ? asked : geometry.total() * 512).isEqualTo(made);
  }

  /** A differencing image is made of a dynamic one by hand: it has its parent's name only. */
  @Test
  @Tag("fast")
  void readsADifferencingImageWithItsParent() throws Exception {
    byte[] content = new byte[4 << 20];
    Arrays.fill(content, (byte) 7);
    Path parent = folder.resolve("parent.vhd");
    TestImages.create("vpc", parent, content.length, "force_size=on");
    TestImages.with(
        "vpc", parent, Access.write(), n -> TestImages.write(n, 0, content, 0, content.length));
    Path child = folder.resolve("child.vhd");
    TestImages.create("vpc", child, content.length, "force_size=on");
    byte[] own = new byte[5 * 512];
    Arrays.fill(own, (byte) 9);
    TestImages.with(
        "vpc", child, Access.write(), n -> TestImages.write(n, 1 << 20, own, 0, own.length));
    makeDifferencing(child, Files.readAllBytes(parent));
    System.arraycopy(own, 0, content, (1 << 20) + 512, 2 * 512);
    TestImages.with(
        "vpc",
        child,
        Access.read(),
        n -> assertThat(TestImages.firstDifference(n, content)).isEqualTo(-1));
  }

  private static void makeDifferencing(Path child, byte[] parent) throws Exception {
    ByteBuffer image = ByteBuffer.wrap(Files.readAllBytes(child)).order(ByteOrder.BIG_ENDIAN);
    image.put(512 + 40, Arrays.copyOfRange(parent, 68, 84));
    image.put(512 + 64, "C:\\disks\\parent.vhd".getBytes(StandardCharsets.UTF_16BE));
    image.putInt(512 + 36, Footer.checksum(image.slice(512, 1024), 1024, 36));
    becomeDifferencing(image, 0);
    int bitmap = image.getInt(1536) * 512;
    image.put(bitmap, new byte[512]);
    image.put(bitmap + (1 << 20) / 512 / 8, (byte) 0b0110_0000); // its second and third sector
    Files.write(child, image.array());
  }

  private static void becomeDifferencing(ByteBuffer image, int footer) {
    image.putInt(footer + 60, Footer.DIFFERENCING);
    image.putInt(footer + 64, Footer.checksum(image.slice(footer, 512), 512, 64));
  }

  /** At any offset, also within sectors, by us; what we close is what we open. */
  @Test
  @Tag("guest")
  void writesADifferencingImage() throws Exception {
    var images = new DifferencingImages("vpc", folder, 4 << 20, "force_size=on", "", 7);
    images.change(new Random(7));
    Peer.Result said = Peer.run(List.of("/usr/bin/vhdiinfo", images.child.toString()));
    assertThat(said.output()).containsPattern("Disk type\\s*: Differential");
  }

  /**
   * By eight sectors: where fewer of them are here, libvhdi (20210425) takes none of the others
   * from the parent.
   */
  @Test
  @Tag("guest")
  void libvhdiReadsBothImages() throws Exception {
    var images = new DifferencingImages("vpc", folder, 8 << 20, "force_size=on", "", 11);
    images.changeAligned(new Random(11));
    images.libvhdiReadsTheSame();
  }

  @TestFactory
  @Tag("fast")
  Stream<DynamicTest> whatWasFlushedIsInAnImageThatNamesItsParent() {
    return CrashRun.seeds(
        2,
        seed ->
            new DifferencingImages.Crashes("vpc", folder, "force_size=on", "", seed) {
              @Override
              protected boolean hasChecks() {
                return false;
              }
            });
  }

  /** What a new image says of its parent stays where it is while blocks are added. */
  @ParameterizedTest
  @Tag("fast")
  @CsvSource({
    "parent.vhd, .\\parent.vhd, subformat=dynamic",
    "one/parent.vhd, .\\one\\parent.vhd, 'subformat=dynamic,force_size=on'",
    "../outer.vhd, ..\\outer.vhd, 'subformat=fixed,force_size=on'",
  })
  void makesADifferencingImage(String name, String relative, String options) throws Exception {
    Path inner = folder.resolve("inner");
    Files.createDirectories(inner.resolve("one"));
    Path parent = inner.resolve(name);
    TestImages.create("vpc", parent, 5 << 20, options);
    byte[] disk = new byte[(int) sizeOf(parent)];
    new Random(3).nextBytes(disk);
    TestImages.with(
        "vpc", parent, Access.write(), n -> TestImages.write(n, 0, disk, 0, disk.length));
    Path child = inner.resolve("child.vhd");
    TestImages.create("vpc", child, disk.length, "backing_file=" + name + ",backing_fmt=vpc");
    for (int i = 0; i < 3; i++) {
      int at = i * 777_777;
      Arrays.fill(disk, at, at + 70_000, (byte) i);
      TestImages.with("vpc", child, Access.write(), n -> TestImages.write(n, at, disk, at, 70_000));
      TestImages.with(
          "vpc",
          child,
          Access.read(),
          n -> assertThat(TestImages.firstDifference(n, disk)).isEqualTo(-1));
    }
    String image = Files.readString(child, StandardCharsets.ISO_8859_1);
    String absolute = parent.toAbsolutePath().normalize().toString().replace('/', '\\');
    for (String path : List.of(relative, absolute)) {
      byte[] bytes = path.getBytes(StandardCharsets.UTF_16LE);
      assertThat(image).contains(new String(bytes, StandardCharsets.ISO_8859_1));
    }
  }

  private static long sizeOf(Path image) {
    long[] size = new long[1];
    TestImages.with("vpc", image, Access.read(), n -> size[0] = n.size());
    return size[0];
  }

  @ParameterizedTest
  @Tag("fast")
  @CsvSource({
    "'backing_file=parent.vhd,backing_fmt=vpc,subformat=fixed', 5M, fixed image has nothing behind",
    "'backing_file=parent.vhd,backing_fmt=vpc', 4M, has the size of the one behind it",
    "'backing_file=parent.vhd,backing_fmt=raw', 5M, is a VHD",
    "'backing_file=none.vhd,backing_fmt=vpc', 5M, No such file",
    "'backing_file=http://x/y,backing_fmt=vpc', 5M, are files of the host",
    "'backing_file=a\\b.vhd,backing_fmt=vpc', 5M, cannot say",
  })
  void refusesParents(String options, String size, String complaint) throws Exception {
    TestImages.create("vpc", folder.resolve("parent.vhd"), 5 << 20, "force_size=on");
    long bytes = Long.parseLong(size.replace("M", "")) << 20;
    assertThatThrownBy(() -> TestImages.create("vpc", folder.resolve("child.vhd"), bytes, options))
        .isInstanceOf(BlockException.class)
        .hasMessageContaining(complaint);
  }

  private static final class Matrix extends ImageMatrix {
    private boolean fixed;
    private boolean exact;

    Matrix(Path folder, int seed) {
      super("vpc", folder, seed);
    }

    @Override
    protected int choose() {
      fixed = random.nextInt(3) == 0;
      exact = random.nextBoolean();
      options.add("subformat=" + (fixed ? "fixed" : "dynamic"));
      options.add("force_size=" + (exact ? "on" : "off"));
      return 1 + random.nextInt(16384);
    }

    @Override
    protected int made(int size) {
      return exact ? size : (int) ChsGeometry.atLeast(size / 512).total() * 512;
    }

    @Override
    protected int unit() {
      return 2 << 20;
    }

    @Override
    protected boolean hasChecks() {
      return false;
    }

    @Override
    protected List<String> otherFacts() {
      return fixed ? List.of("dirty-flag") : List.of();
    }

    @Override
    protected void others(Path file) {
      Peer.Result said = Peer.run(List.of("/usr/bin/vhdiinfo", file.toString()));
      assertThat(said.code()).as(said.output()).isZero();
      assertThat(said.output())
          .containsPattern("Disk type\\s*: " + (fixed ? "Fixed" : "Dynamic"))
          .contains("(" + disk.length + " bytes)");
    }
  }
}
