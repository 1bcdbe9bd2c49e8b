package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A check that cannot read all metadata says of what, counts it and fails, as qemu-img's does. */
@Tag("guest")
class CheckErrorsPeerTest {
  @TempDir Path folder;

  @Test
  void countsWhatCannotBeRead() throws Exception {
    byte[] content = new byte[8 << 20];
    java.util.Arrays.fill(content, (byte) 7);
    Files.write(folder.resolve("raw"), content);
    assertThat(theirs("convert -f raw -O qcow2 DIR/raw DIR/a").err()).isEmpty();
    ByteBuffer image = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("a")));
    long counts = image.getLong((int) image.getLong(48));
    String words = " --image-opts " + broken(counts);
    ToolRun run = theirs("check" + words);
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).contains("internal errors have occurred during the check.");
    assertThat(ToolRun.ours(folder, "check" + words)).isEqualTo(run);
    String json = "\"check-errors\": 13";
    assertThat(theirs("check --output=json" + words).out()).contains(json);
    ToolRun ours = ToolRun.ours(folder, "check --output=json" + words);
    assertThat(ours.out()).contains(json);
    assertThat(ours.code()).isEqualTo(1);
  }

  /** Where no table says which clusters are used, nothing is counted. */
  @Test
  void failsWhereATableCannotBeRead() throws Exception {
    Files.write(folder.resolve("raw"), new byte[] {1, 2, 3, 4});
    assertThat(theirs("convert -f raw -O qcow2 DIR/raw DIR/a").err()).isEmpty();
    ByteBuffer image = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("a")));
    long table = image.getLong((int) image.getLong(40)) & (1L << 56) - 1;
    String words = "check --image-opts " + broken(table);
    ToolRun ours = ToolRun.ours(folder, words);
    assertThat(ours.code()).isEqualTo(1).isEqualTo(theirs(words).code());
    assertThat(ours.err()).endsWith("Check failed: Input/output error\n");
    assertThat(theirs(words).err()).endsWith("Check failed: Input/output error\n");
  }

  /** Nothing is a leak, or wrong, because a table that names it cannot be read now. */
  @Test
  void saysWhatCannotBeReadOfAnyCluster() throws Exception {
    byte[] content = new byte[64 << 10];
    java.util.Arrays.fill(content, (byte) 7);
    Files.write(folder.resolve("raw"), content);
    for (String words :
        List.of(
            "convert -f raw -O qcow2 -o cluster_size=4k DIR/raw DIR/a",
            "resize -q DIR/a 8M",
            "snapshot -c one DIR/a")) {
      assertThat(theirs(words).code()).as(words).isZero();
    }
    Process write =
        new ProcessBuilder("qemu-io", "-f", "qcow2", "-c", "write 32k 4k", "-c", "write 4M 4k", "a")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    write.getInputStream().readAllBytes();
    assertThat(write.waitFor()).isZero();
    long snapshots = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("a"))).getLong(64);
    int failed = 0;
    for (long at = 0; at < Files.size(folder.resolve("a")); at += 4096) {
      String image = " --image-opts " + broken(at);
      for (String command : List.of("check", "check -r leaks", "check -r all")) {
        ToolRun theirs = theirs(command + image);
        ToolRun ours = ToolRun.ours(folder, command + image);
        failed += theirs.code();
        assertThat(ours.code()).as(at + ": " + ours.err()).isEqualTo(theirs.code());
        if (at != snapshots) { // which we look at when we open an image, and say that it cannot be
          assertThat(ours).isEqualTo(theirs);
        }
      }
      assertThat(ToolRun.ours(folder, "map" + image).err()).isEqualTo(theirs("map" + image).err());
    }
    assertThat(failed).isGreaterThan(20);
    assertThat(theirs("check -q DIR/a").code()).isZero();
    assertThat(theirs("bitmap --add DIR/a bits").code()).isZero();
    for (long at = 0; at < Files.size(folder.resolve("a")); at += 4096) {
      ToolRun.ours(folder, "check -r leaks --image-opts " + broken(at)); // QEMU's loses the bitmap
      assertThat(theirs("check -q DIR/a").code()).as("" + at).isZero();
    }
    assertThat(theirs("info DIR/a").out()).contains("name: bits");
  }

  private ToolRun theirs(String words) {
    return ToolRun.theirs(folder, "qemu-img", words);
  }

  /** An image of which what is there cannot be read. */
  private static String broken(long offset) {
    String error = ",file.inject-error.0.";
    return "driver=qcow2,file.driver=blkdebug,file.image.driver=file,file.image.filename=DIR/a"
        + error
        + "event=none"
        + error
        + "errno=5"
        + error
        + "iotype=read"
        + error
        + "sector="
        + offset / 512;
  }
}
