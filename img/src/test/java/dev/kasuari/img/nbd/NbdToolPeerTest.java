package dev.kasuari.img.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same words as qemu-nbd 7.2 has, and QEMU's clients. */
@Tag("guest")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NbdToolPeerTest {
  @TempDir Path folder;

  private record Run(String out, int code) {}

  @BeforeEach
  void image() throws Exception {
    byte[] content = new byte[1 << 20];
    new Random(5).nextBytes(content);
    Files.write(folder.resolve("raw"), content);
    theirs("qemu-img", "convert", "-O", "qcow2", path("raw"), path("q"));
    theirs("qemu-img", "bitmap", "--add", path("q"), "b");
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private static Run theirs(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(out, process.waitFor());
  }

  private static Run ours(String... words) {
    var bytes = new ByteArrayOutputStream();
    var out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    int code = NbdTool.run(List.of(words), out, out);
    return new Run(bytes.toString(StandardCharsets.UTF_8), code);
  }

  private String[] words(String text) {
    return text.replace("DIR", folder.toString()).split(" ");
  }

  /** Our server, which ends after the client. */
  private CompletableFuture<Run> serve(String text) throws Exception {
    var run = CompletableFuture.supplyAsync(() -> ours(words("-k DIR/s " + text)));
    for (int i = 0; i < 400 && !Files.exists(folder.resolve("s")) && !run.isDone(); i++) {
      Thread.sleep(25);
    }
    return run;
  }

  private String uri(String export) {
    return "nbd+unix:///" + export + "?socket=" + path("s");
  }

  @Test
  void anImageIsWrittenThroughIt() throws Exception {
    var run = serve("-f qcow2 -x e DIR/q");
    Run io = theirs("qemu-io", "-f", "raw", "-c", "write -P 7 4k 8k", uri("e"));
    assertThat(io.code()).as(io.out()).isZero();
    assertThat(run.get()).isEqualTo(new Run("", 0));
    assertThat(folder.resolve("s")).doesNotExist();
    assertThat(theirs("qemu-io", "-c", "read -P 7 4k 8k", path("q")).out())
        .doesNotContain("failed");
  }

  @Test
  void whatIsWrittenIsForgotten() throws Exception {
    var run = serve("-s -f qcow2 DIR/q");
    Run io =
        theirs("qemu-io", "-f", "raw", "-c", "write -P 7 0 8k", "-c", "read -P 7 0 8k", uri(""));
    assertThat(io.out()).doesNotContain("failed");
    assertThat(run.get().code()).isZero();
    assertThat(theirs("qemu-img", "compare", path("raw"), path("q")).code()).isZero();
  }

  @Test
  void partOfAnImageIsReadOnly() throws Exception {
    var run = serve("-r -o 4k -f raw DIR/raw");
    Run convert = theirs("qemu-img", "convert", "-f", "raw", "-O", "raw", uri(""), path("copy"));
    assertThat(convert.code()).as(convert.out()).isZero();
    assertThat(run.get().code()).isZero();
    byte[] all = Files.readAllBytes(folder.resolve("raw"));
    byte[] part = java.util.Arrays.copyOfRange(all, 4096, all.length);
    assertThat(Files.readAllBytes(folder.resolve("copy"))).isEqualTo(part);
  }

  /** Both lists of their server are equal, and theirs of ours differs in what ours cannot do. */
  @Test
  void exportsAreListed() throws Exception {
    Process server =
        new ProcessBuilder(words("qemu-nbd -t -e 3 -k DIR/s -f qcow2 -x e -D text -A -B b DIR/q"))
            .inheritIO()
            .start();
    String theirs;
    try {
      while (!Files.exists(folder.resolve("s"))) {
        assertThat(server.isAlive()).isTrue();
        Thread.sleep(25);
      }
      theirs = theirs(words("qemu-nbd -L -k DIR/s")).out();
      assertThat(ours(words("-L -k DIR/s"))).isEqualTo(new Run(theirs, 0));
    } finally {
      server.destroy();
      server.waitFor();
    }
    Files.deleteIfExists(folder.resolve("s"));
    var run = serve("-e 3 -f qcow2 -x e -D text -A -B b DIR/q");
    assertThat(theirs(words("qemu-nbd -L -k DIR/s")).out()).isEqualTo(theirs);
    theirs("qemu-io", "-f", "raw", "-c", "quit", uri("e"));
    assertThat(run.get().code()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-L -k DIR/none",
        "-k DIR/s -f raw DIR/none",
        "-k s -f raw DIR/raw",
        "-k DIR/s -B none -f qcow2 DIR/q",
        "-L -k DIR/s DIR/raw",
        "--discard=foo -k DIR/s DIR/raw",
        "--cache=foo -k DIR/s DIR/raw",
        "-e -1 DIR/raw",
        "--detect-zeroes=foo -k DIR/s -f raw DIR/raw",
        "--image-opts -f raw -k DIR/s driver=raw,file.filename=DIR/raw",
      })
  void whatIsWrongIsSaid(String text) throws Exception {
    Run theirs = theirs(words("qemu-nbd " + text));
    String expected = theirs.out().replace("qemu-nbd:", "kasuari-nbd:");
    assertThat(ours(words(text))).isEqualTo(new Run(expected, theirs.code()));
  }
}
