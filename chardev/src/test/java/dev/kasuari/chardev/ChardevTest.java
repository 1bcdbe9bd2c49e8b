package dev.kasuari.chardev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.host.Terminal;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.References;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.StringJoiner;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
class ChardevTest {
  @TempDir Path folder;

  private static void write(CharBackend to, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    assertThat(to.write(bytes, 0, bytes.length, () -> {})).isEqualTo(bytes.length);
  }

  @Test
  void aFileIsEmptiedOrContinued() throws IOException {
    Path file = folder.resolve("serial.log");
    for (boolean append : new boolean[] {false, false, true}) {
      try (var chardev = FileChardev.open("f", file, append)) {
        write(chardev, "line\n");
      }
    }
    assertThat(Files.readString(file)).isEqualTo("line\nline\n");
  }

  @Test
  void aFileThatCannotBeWrittenIsNamedWithTheReason() {
    assertThatThrownBy(() -> FileChardev.open("f", folder, false))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("it is a folder");
    assertThatThrownBy(() -> FileChardev.open("f", folder.resolve("no/where"), false))
        .hasMessageContaining("there is no folder");
  }

  @Test
  void nothingTakesEverything() {
    var guest = new Recorder();
    var chardev = new NullChardev("n");
    chardev.connect(guest, Runnable::run);
    write(chardev, "into the void");
    assertThat(guest.events).containsExactly(CharBackend.Event.OPENED);
  }

  @ParameterizedTest
  @CsvSource({"0q, 1", "3q, 7", "q, 1", "127q, 255", "300q, 601", "x5q, 11", "3x4q, 9", "0x3q, 7"})
  void aTestEndsWithTheNumberItWrites(String written, int code) {
    var ends = new ArrayList<Shutdown>();
    var chardev = new TestChardev("t", ends::add);
    for (int i = 0; i < written.length(); i++) {
      assertThat(ends).isEmpty();
      write(chardev, written.substring(i, i + 1));
    }
    assertThat(ends).extracting(Shutdown::exitCode).containsExactly(code);
    assertThat(ends.getFirst().cause()).isEqualTo(Shutdown.Cause.GUEST);
  }

  @Test
  void outputThatBlocksTakesWhatFitsAndSaysWhenThereIsRoom() throws Exception {
    var release = new CountDownLatch(1);
    var slow =
        new OutputStream() {
          int written;

          @Override
          public void write(int b) {
            written++;
          }

          @Override
          public void write(byte[] b, int offset, int length) throws IOException {
            try {
              release.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
            written += length;
          }
        };
    var room = new CountDownLatch(1);
    try (var queue = new OutputQueue("test", slow, true)) {
      byte[] bytes = new byte[256 * 1024];
      int taken = queue.write(bytes, 0, bytes.length, room::countDown);
      assertThat(taken).isPositive().isLessThan(bytes.length);
      assertThat(room.getCount()).isEqualTo(1);
      release.countDown();
      assertThat(room.await(10, TimeUnit.SECONDS)).isTrue();
      queue.flush();
      assertThat(slow.written).isEqualTo(taken);
    }
  }

  @Test
  void outputToNobodyIsDropped() throws Exception {
    var broken =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("broken pipe");
          }
        };
    try (var queue = new OutputQueue("test", broken, true)) {
      byte[] bytes = new byte[100];
      queue.write(bytes, 0, 100, () -> {});
      queue.flush();
      assertThat(queue.write(bytes, 0, 100, () -> {})).isEqualTo(100);
    }
  }

  /** What {@link #standardInputOfAPipeIsReadToItsEnd} runs as a process of its own. */
  static final class Echo {
    public static void main(String[] args) throws InterruptedException {
      var ended = new CountDownLatch(1);
      var guest = new Recorder();
      try (var stdio = StdioChardev.open("serial0", true);
          var mux = new MuxChardev(stdio, stdio.interactive(), how -> ended.countDown())) {
        mux.connect(guest, Runnable::run);
        ended.await();
        // A command overtakes the bytes that came with it: it works though a guest takes none.
        for (int i = 0; i < 1000 && guest.text().length() < 100_000; i++) {
          Thread.sleep(10);
        }
        byte[] answer =
            ("got " + guest.text().length() + " of a pipe: " + !stdio.interactive())
                .getBytes(StandardCharsets.UTF_8);
        mux.write(answer, 0, answer.length, () -> {});
      }
    }
  }

  /** Where these classes are, whether the test runs with modules or without. */
  private static String classPath(Class<?>... types) throws URISyntaxException {
    var paths = new StringJoiner(File.pathSeparator);
    for (Class<?> type : types) {
      URL url = type.getResource(type.getName().replaceFirst(".*\\.", "") + ".class");
      String text = String.valueOf(url);
      String root = text.substring(0, text.length() - type.getName().length() - 6);
      root = root.startsWith("jar:") ? root.substring(4, root.length() - 2) : root;
      paths.add(Path.of(new URI(root)).toString());
    }
    return paths.toString();
  }

  @Test
  void standardInputOfAPipeIsReadToItsEnd() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath(
                    Echo.class, StdioChardev.class, CharBackend.class, Json.class, Terminal.class),
                Echo.class.getName())
            .redirectErrorStream(true)
            .start();
    try (var input = process.getOutputStream()) {
      input.write("x".repeat(100_000).getBytes(StandardCharsets.UTF_8));
      input.write(new byte[] {1, 'x'});
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    assertThat(output).contains("got 100000 of a pipe: true");
  }

  @Test
  void optionsDescribeStreams() {
    assertThat(ChardevOptions.ofShort("-serial", "mon:stdio", "s"))
        .isEqualTo(new ChardevOptions.Stdio("s", true, false));
    assertThat(ChardevOptions.ofShort("-serial", "file:a,b", "s"))
        .isEqualTo(new ChardevOptions.File("s", "a,b", false));
    assertThat(ChardevOptions.ofShort("-serial", "null", "s").open(how -> {}).id()).isEqualTo("s");
    assertThatThrownBy(() -> ChardevOptions.ofShort("-serial", "stdoi", "s"))
        .hasMessage("-serial stdoi: no such stream; did you mean 'stdio'?");
    var source = OptionSource.of("-chardev", "file,id=c,path=x.log,append=on", "backend");
    assertThat(ChardevOptionsCodec.CODEC.parse(source, References.NONE))
        .isEqualTo(new ChardevOptions.File("c", "x.log", true));
  }
}
