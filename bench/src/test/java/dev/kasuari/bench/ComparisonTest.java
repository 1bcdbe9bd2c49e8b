package dev.kasuari.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class ComparisonTest {
  private static final Emulator OURS = new Emulator("ours", "1", List.of("ours"));
  private static final Emulator THEIRS = new Emulator("theirs", "2", List.of("theirs"));
  private static final Benchmark SORT =
      new Suite(Target.RISCV64).select(List.of("sort")).getFirst();

  private static Sample sample(String checksum, double seconds) {
    return new Sample(checksum, seconds + 0.1, seconds, seconds, 0.05);
  }

  private static Outcome outcome(String output) {
    return new Outcome(Outcome.End.EXIT, 0, output, 1.5, 1.4, 0.2);
  }

  @Test
  void readsWhatAKernelSays() {
    assertThat(Sample.ofKernel(outcome("checksum 00000000000000ff ticks 12000000\n")))
        .isEqualTo(new Sample("00000000000000ff", 1.5, 1.4, 1.2, 0.2));
    assertThat(Sample.ofKernel(outcome("unexpected trap: cause 2"))).isNull();
    var failed = new Outcome(Outcome.End.EXIT, 1, "checksum 00000000000000ff ticks 12\n", 1, 1, 1);
    assertThat(Sample.ofKernel(failed)).isNull();
  }

  @Test
  void anotherChecksumIsAFailure() {
    var comparison = new Comparison(SORT, 10);
    comparison.add(OURS, sample("01", 1));
    comparison.add(THEIRS, sample("02", 1));
    assertThat(comparison.failed(OURS)).isFalse();
    assertThat(comparison.failures()).containsEntry(THEIRS, "its checksum is 02, elsewhere 01");
    assertThat(comparison.samples(THEIRS)).isEmpty();
  }

  @Test
  void clocksThatDisagree() {
    assertThat(new Sample("", 1.1, 1, 1, 0.1).plausible(0.1)).isTrue();
    assertThat(new Sample("", 3.1, 1, 1, 0.1).plausible(0.1)).isFalse();
    assertThat(new Sample("", 3.1, 1, Double.NaN, 0.1).plausible(0.1)).isTrue();
  }

  @Test
  void theReport() {
    var bytes = new ByteArrayOutputStream();
    var report =
        new Report(
            List.of(OURS, THEIRS), false, new PrintStream(bytes, true, StandardCharsets.UTF_8));
    report.head("gcc");
    var empty = new Comparison(new Suite(Target.RISCV64).empty(), 1);
    empty.add(OURS, sample("00", 0));
    empty.add(THEIRS, sample("00", 0));
    report.start(empty);
    var sort = new Comparison(SORT, 10);
    for (double seconds : new double[] {1, 2, 3}) {
      sort.add(OURS, sample("01", seconds));
      sort.add(THEIRS, sample("01", 2));
    }
    report.add(sort);
    report.end();
    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .containsPattern("compute +sort +2\\.000 +2\\.000 +1\\.00 \\(0\\.50\\.\\.1\\.50\\)")
        .containsPattern("compute +geometric mean +1\\.00");
    assertThat(report.good()).isTrue();
    assertThat(Json.write(report.record(new Toolchain(Target.RISCV64, Path.of("gcc"), "gcc"))))
        .contains("\"format\": 1", "\"guestSeconds\": [1.0, 2.0, 3.0]", "\"geometricMeans\": {");
  }
}
