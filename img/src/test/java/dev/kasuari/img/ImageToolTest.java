package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
@DisabledOnOs(OS.WINDOWS)
class ImageToolTest {
  @TempDir Path folder;

  private ToolRun run(String words) {
    return ToolRun.ours(folder, words);
  }

  private void done(String words) {
    assertThat(run(words)).as(words).isEqualTo(new ToolRun("", "", 0));
  }

  @Test
  void aDiskGoesThroughFormatsAndComesBack() throws Exception {
    byte[] bytes = new byte[3 << 20];
    new Random(1).nextBytes(bytes);
    java.util.Arrays.fill(bytes, 1 << 20, 2 << 20, (byte) 0);
    Files.write(folder.resolve("disk"), bytes);
    done("convert -f raw -O qcow2 DIR/disk DIR/a");
    done("convert -c -O qcow2 DIR/a DIR/b");
    done("convert -c -O qcow2 -o compression_type=zstd,cluster_size=4k DIR/b DIR/c");
    done("convert -O raw DIR/c DIR/back");
    assertThat(Files.mismatch(folder.resolve("disk"), folder.resolve("back"))).isEqualTo(-1);
    assertThat(run("compare DIR/a DIR/c").out()).isEqualTo("Images are identical.\n");
    for (String name : new String[] {"a", "b", "c"}) {
      assertThat(run("check DIR/" + name).out()).startsWith("No errors were found on the image.\n");
    }
  }

  @Test
  void aSnapshotIsWhatTheDiskWas() throws Exception {
    Files.write(folder.resolve("one"), new byte[] {1});
    done("convert -f raw -O qcow2 DIR/one DIR/a");
    done("snapshot -c first DIR/a");
    done("resize -q DIR/a 10M");
    assertThat(run("snapshot -l DIR/a").out()).contains("first");
    assertThat(run("compare -F raw DIR/a DIR/one").out()).contains("Image size mismatch");
    done("snapshot -a first DIR/a");
    assertThat(run("compare -F raw DIR/a DIR/one").out()).isEqualTo("Images are identical.\n");
    done("snapshot -d first DIR/a");
    assertThat(run("check DIR/a").code()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "info DIR/nope|1|No such file or directory",
        "compare DIR/nope DIR/nope|2|No such file or directory",
        "check -f raw DIR/disk|63|does not support checks",
        "create -f qcow2 -o cluster_size=3000 DIR/a 1M|1|power of two",
        "create -f qcow2 -o refcount_bits=7 DIR/a 1M|1|power of two",
        "create -f qcow2 DIR/a|1|needs a size",
        "info --nope DIR/disk|1|unrecognized option '--nope'",
        "convert -f raw -c -O raw DIR/disk DIR/a|1|Compression not supported",
      })
  void complaintsSayWhatIsWrong(String words, int code, String complaint) throws Exception {
    Files.write(folder.resolve("disk"), new byte[512]);
    ToolRun run = run(words);
    assertThat(run.err()).startsWith("qemu-img: ").contains(complaint);
    assertThat(run.code()).isEqualTo(code);
  }

  @Test
  void helpNamesAllCommands() {
    assertThat(run("--help").out()).contains("convert", "rebase", "snapshot");
    assertThat(run("create -f qcow2 -o help").out()).contains("cluster_size", "extended_l2");
  }
}
