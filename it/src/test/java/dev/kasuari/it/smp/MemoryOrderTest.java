package dev.kasuari.it.smp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What RVWMO promises to harts that share memory: litmus tests, atomics whose sums are exact, a
 * lock. {@code -Dkasuari.smp.times=100} makes millions of rounds of them.
 */
@Tag("guest")
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class MemoryOrderTest {
  private static final int ROUNDS = 5_000;

  @TempDir private Path folder;

  /** A line of the guest's report. */
  private record Row(String name, long weak, long rounds) {
    static Row parse(String line) {
      String[] words = line.split(" ", -1);
      return new Row(words[0], Long.parseLong(words[2]), Long.parseLong(words[8]));
    }

    /** Fences, dependencies or coherence forbid what was counted. */
    boolean forbidden() {
      return name.endsWith("!");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void nothingForbiddenIsSeen(int harts) throws Exception {
    GuestProgram program = new GuestProgram("litmus", harts).rounds(ROUNDS);
    try (var machine = new SmpMachine(program, folder, SmpMachine.usual())) {
      machine.machine().resume();
      machine.awaitEnd();
      String report = machine.printed();
      System.out.print(report);
      List<Row> rows =
          report.lines().filter(line -> line.contains(" weak ")).map(Row::parse).toList();
      assertThat(rows).hasSize(harts == 2 ? 34 : 41);
      assertThat(rows).allMatch(row -> row.rounds >= ROUNDS);
      assertThat(rows).filteredOn(Row::forbidden).allMatch(row -> row.weak == 0);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void countersAreExact(int harts) throws Exception {
    GuestProgram program = new GuestProgram("counters", harts).rounds(20_000);
    assertThat(SmpMachine.run(program, folder, SmpMachine.usual())).hasSize(14);
  }
}
