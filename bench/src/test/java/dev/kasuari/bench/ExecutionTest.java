package dev.kasuari.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("fast")
class ExecutionTest {
  private static final Duration LONG = Duration.ofMinutes(2);

  private static Outcome shell(String script, Duration limit, @Nullable String until) {
    try (var execution = new Execution()) {
      return execution.run(List.of("/bin/sh", "-c", script), limit, until);
    }
  }

  @Test
  void outputAndStatus() {
    Outcome good = shell("echo out; echo err >&2", LONG, null);
    assertThat(good.succeeded()).isTrue();
    assertThat(good.output()).contains("out\n", "err\n");
    assertThat(good.firstOutput()).isPositive().isLessThanOrEqualTo(good.seconds());
    Outcome bad = shell("echo because; exit 3", LONG, null);
    assertThat(bad.succeeded()).isFalse();
    assertThat(bad.complaint()).isEqualTo("exit status 3: because");
  }

  @Test
  void endsWithTheLineThatIsWaitedFor() {
    Outcome outcome = shell("echo ready; sleep 1000", LONG, "ready");
    assertThat(outcome.end()).isEqualTo(Outcome.End.FOUND);
    assertThat(outcome.succeeded()).isTrue();
  }

  @Test
  void whoIsAskedToEndMayWriteDownWhatItKnows(@TempDir Path cache) {
    String script =
        "trap 'sleep 0.3; echo late; echo known > \"$XDG_CACHE_HOME/file\"; exit' TERM;"
            + " echo ready; while :; do sleep 0.05; done";
    try (var execution = new Execution()) {
      Outcome outcome =
          execution.run(
              List.of("/bin/sh", "-c", script), LONG, "ready", cache, Execution.End.ASKED);
      assertThat(outcome.succeeded()).isTrue();
    }
    assertThat(cache.resolve("file")).hasContent("known");
  }

  @Test
  void endsWhatTakesTooLongAndItsChildren() {
    Outcome outcome = shell("echo here; sleep 1000; echo there", Duration.ofMillis(300), null);
    assertThat(outcome.end()).isEqualTo(Outcome.End.TIMEOUT);
    assertThat(outcome.complaint()).startsWith("no end after ").endsWith("s: here");
  }

  @Test
  void aProgramThatIsNotThere() {
    try (var execution = new Execution()) {
      Outcome outcome = execution.run(List.of("/nowhere/at/all"), LONG, null);
      assertThat(outcome.end()).isEqualTo(Outcome.End.NO_START);
      assertThat(outcome.complaint()).contains("cannot be started", "/nowhere/at/all");
    }
  }
}
