package dev.kasuari.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.qapi.OptionException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
class BenchOptionsTest {
  private static BenchOptions parse(String words) {
    return BenchOptions.parse(words.isEmpty() ? List.of() : List.of(words.split(" ")));
  }

  @Test
  void whatIsNotSaid() {
    BenchOptions options = parse("");
    assertThat(options.peers).containsExactly("qemu-system-riscv64");
    assertThat(options.runs).isEqualTo(5);
    assertThat(options.only).isEmpty();
    assertThat(options.accel).isNull();
    assertThat(options.list).isFalse();
  }

  @Test
  void bothWaysToWriteAnArgument() {
    BenchOptions options =
        parse(
            "--peer a --peer=new=/b --only=fp,crc32 --runs 3 --seconds 0.5 --json x.json"
                + " --accel tcg,backend=interp");
    assertThat(options.peers).containsExactly("a", "new=/b");
    assertThat(options.only).containsExactly("fp", "crc32");
    assertThat(options.runs).isEqualTo(3);
    assertThat(options.seconds).isEqualTo(0.5);
    assertThat(options.json).isEqualTo(Path.of("x.json"));
    assertThat(options.accel).isEqualTo("tcg,backend=interp");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "--run 3 | --run: no such option; did you mean '--runs'?",
        "--runs | --runs: an argument is missing",
        "--runs 0 | --runs 0: a number from 1 to 1000",
        "--seconds -1 | --seconds -1: a number of seconds above 0",
        "--clock wall | --clock wall: guest or cpu",
        "--limit soon | --limit soon: a number of seconds above 0",
      })
  void complainsInOneLine(String words, String message) {
    assertThatThrownBy(() -> parse(words)).isInstanceOf(OptionException.class).hasMessage(message);
  }

  @Test
  void selection() {
    var suite = new Suite(Target.RISCV64);
    assertThat(suite.select(List.of())).isEqualTo(suite.all());
    assertThat(suite.select(List.of("sort", "crc32")))
        .extracting(Benchmark::name)
        .containsExactly("crc32", "sort");
    assertThat(suite.select(List.of("fp"))).allMatch(b -> b.group() == Group.FP);
    assertThat(suite.select(List.of("chase-*.sv39"))).hasSize(3);
    assertThatThrownBy(() -> suite.select(List.of("crc23")))
        .hasMessageStartingWith("--only crc23: no such benchmark or group; did you mean 'crc32'?");
  }

  @Test
  void namesAreUnique() {
    assertThat(new Suite(Target.RISCV64).all()).extracting(Benchmark::name).doesNotHaveDuplicates();
  }

  @Test
  void aTargetBringsItsPeerAndItsKernels() {
    BenchOptions options = BenchOptions.parse(List.of("--target", "aarch64"));
    assertThat(options.peers).containsExactly("qemu-system-aarch64");
    assertThat(new Suite(options.target).all())
        .extracting(Benchmark::name)
        .contains("sort.el0", "once-4", "boot-init")
        .doesNotContain("sort.sv39", "once-2", "ecall")
        .doesNotHaveDuplicates();
    assertThatThrownBy(() -> BenchOptions.parse(List.of("--target=aarch65")))
        .hasMessageContaining("aarch65")
        .hasMessageContaining("aarch64");
  }
}
