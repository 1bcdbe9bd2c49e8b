package dev.kasuari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
class MainTest {
  private static Outcome run(String... words) {
    return Outcome.of(List.of(words));
  }

  @Test
  void showsWhatThereIs() {
    assertThat(run().out()).isEqualTo(run("--help").out());
    assertThat(run("--help").out()).contains("system ", "demo ", "demo debian", "test ", "build ");
    assertThat(run("--help").code()).isZero();
    assertThat(run("--version").out()).startsWith("Kasuari ");
    assertThat(run("demo", "--help").out()).contains("--smp", "--run");
    assertThat(run("system", "--help").out()).contains("Targets: riscv64");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "dmeo | kasuari: no command 'dmeo'; did you mean 'demo'?",
        "system riscv46 | kasuari system: no target 'riscv46'; did you mean 'riscv64'?",
        "demo --smp | kasuari demo: --smp: an argument is missing",
        "demo --smp 9 | kasuari demo: --smp 9: the number of CPUs is from 1 to 8",
        "demo --fast | kasuari demo: --fast: no such option; 'demo --help' lists them",
        "demo debian --run x | kasuari demo: --run: it is for the small kernel only",
      })
  void complainsInOneLine(String words, String message) {
    Outcome outcome = run(words.split(" "));
    assertThat(outcome.err().strip()).isEqualTo(message);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.code()).isEqualTo(1);
  }

  @Test
  void aFailureOfOurOwnIsOneLineAndAFile() throws Exception {
    String line =
        FailureReport.write(
            "kasuari demo", List.of("--smp", "2"), new IllegalStateException("a\nb"));
    assertThat(line)
        .startsWith("internal error: java.lang.IllegalStateException: a; please report it with ")
        .hasLineCount(1);
    var file = java.nio.file.Path.of(line.substring(line.indexOf(" with ") + 6));
    assertThat(file).content().contains("kasuari demo --smp 2", "MainTest.java");
    java.nio.file.Files.delete(file);
  }

  @Test
  void aFileThatFailsIsNoFailureOfOurOwn() {
    var failure = new java.io.UncheckedIOException("-initrd x: gone", new java.io.IOException());
    assertThat(FailureReport.write("kasuari demo", List.of(), failure))
        .isEqualTo("-initrd x: gone");
  }

  @Test
  void progressIsABarForPeopleAndLinesForLogs() {
    var bytes = new java.io.ByteArrayOutputStream();
    var out = new java.io.PrintStream(bytes, true, java.nio.charset.StandardCharsets.UTF_8);
    try (var bar = new ProgressBar(out, true)) {
      bar.update("busybox", 0, 2_000_000);
      bar.update("busybox", 1_000_000, 2_000_000);
      bar.update("busybox", 2_000_000, 2_000_000);
    }
    assertThat(bytes.toString(java.nio.charset.StandardCharsets.UTF_8))
        .contains("\r\u001b[Kbusybox [=", "] 1.0 of 2.0 MB\r")
        .endsWith("2.0 of 2.0 MB" + System.lineSeparator());
    bytes.reset();
    try (var lines = new ProgressBar(out, false)) {
      lines.update("busybox", 0, 2_000_000);
      lines.update("busybox", 1_000_000, 2_000_000);
      lines.update("busybox", 2_000_000, 2_000_000);
    }
    assertThat(bytes.toString(java.nio.charset.StandardCharsets.UTF_8).lines())
        .containsExactly("busybox ...", "busybox: done");
  }
}
