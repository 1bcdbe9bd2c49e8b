package dev.kasuari.block.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A VHD or VHDX, and one that differs from it. */
public final class DifferencingImages {
  private final String format;
  private final Path folder;
  public final Path parent;
  public final Path child;

  /** What the child's disk has. */
  public final byte[] disk;

  /** The parent has noise. */
  public DifferencingImages(
      String format, Path folder, int size, String parentOptions, String childOptions, int seed)
      throws IOException {
    this.format = format;
    this.folder = folder;
    disk = new byte[size];
    new Random(seed).nextBytes(disk);
    parent = folder.resolve("parent." + format);
    child = folder.resolve("child." + format);
    makeParent(format, parent, disk, parentOptions);
    String options = "backing_file=" + parent.getFileName() + ",backing_fmt=" + format;
    TestImages.create(format, child, size, options + childOptions);
  }

  /** An image with these bytes. */
  public static void makeParent(String format, Path parent, byte[] disk, String options)
      throws IOException {
    TestImages.create(format, parent, disk.length, options);
    TestImages.with(
        format, parent, Access.write(), n -> TestImages.write(n, 0, disk, 0, disk.length));
  }

  /** Changes the child at random offsets, in some sessions; the parent stays as it is. */
  public void change(Random random) throws IOException {
    byte[] before = Files.readAllBytes(parent);
    for (int session = 0; session < 4; session++) {
      TestImages.with(
          format,
          child,
          Access.write().withUnmap(true),
          n -> {
            for (int i = 0; i < 40; i++) {
              change(n, random);
            }
          });
      childHasDisk();
    }
    assertThat(Files.readAllBytes(parent)).isEqualTo(before);
  }

  /** We read from the child what was written. */
  public void childHasDisk() {
    TestImages.with(
        format,
        child,
        Access.read(),
        n -> assertThat(TestImages.firstDifference(n, disk)).isEqualTo(-1));
  }

  private void change(BlockNode node, Random random) {
    int length = 1 + random.nextInt(1 << random.nextInt(22));
    length = Math.min(length, disk.length / 2);
    int offset = random.nextInt(disk.length - length);
    switch (random.nextInt(6)) {
      case 0 -> {
        Arrays.fill(disk, offset, offset + length, (byte) 0);
        node.writeZeroes(offset, length, random.nextBoolean());
      }
      case 1 -> node.discard(offset, length); // what is behind would be seen: it is left
      case 2 -> node.flush();
      default -> {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        System.arraycopy(bytes, 0, disk, offset, length);
        TestImages.write(node, offset, disk, offset, length);
      }
    }
  }

  /** Writes noise to the child, in whole runs of 4 KiB, some at a time. */
  public void changeAligned(Random random) {
    TestImages.with(
        format,
        child,
        Access.write(),
        n -> {
          for (int i = 0; i < 40; i++) {
            int length = 4096 * (1 + random.nextInt(20));
            int offset = 4096 * random.nextInt((disk.length - length) / 4096);
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            System.arraycopy(bytes, 0, disk, offset, length);
            TestImages.write(n, offset, disk, offset, length);
          }
        });
  }

  /**
   * libvhdi reads the same from the chain: it shows a file for each image, that of the youngest
   * last.
   */
  public void libvhdiReadsTheSame() throws IOException {
    assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "no FUSE here");
    Path mount = Files.createDirectory(folder.resolve("mount"));
    Peer.Result said = Peer.run(List.of("/usr/bin/vhdimount", child.toString(), mount.toString()));
    assertThat(said.code()).as(said.output()).isZero();
    try {
      assertThat(mount.resolve("vhdi3")).doesNotExist();
      assertThat(Arrays.mismatch(Files.readAllBytes(mount.resolve("vhdi2")), disk)).isEqualTo(-1);
    } finally {
      Peer.run(List.of("/bin/umount", mount.toString()));
    }
  }

  /** Power cuts while a differencing image is written that names its parent. */
  public static class Crashes extends CrashRun {
    private final String format;
    private final Path parent;

    /** The parent is a file of its own in the folder. */
    public Crashes(String format, Path folder, String parentOptions, String options, int seed) {
      super(format, named(format, parent(format, folder, seed)) + options, seed, 8000);
      this.format = format;
      parent = parent(format, folder, seed);
      random.nextBytes(disk);
      try {
        makeParent(format, parent, disk, parentOptions);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static Path parent(String format, Path folder, int seed) {
      return folder.resolve("parent" + seed + "." + format);
    }

    private static String named(String format, Path parent) {
      return "backing_file=" + parent + ",backing_fmt=" + format;
    }

    @Override
    protected String opening() {
      return "driver=%s,backing.driver=%s,backing.file.driver=file,backing.file.filename=%s"
          .formatted(format, format, parent);
    }
  }
}
