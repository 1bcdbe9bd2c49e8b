package dev.kasuari.it;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code perf report} tells which guest code took the time. */
@Tag("guest")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class PerfTest {
  private static final int ROUNDS = 1_000_000_000;

  @TempDir private Path folder;

  private record Ended(int code, String said, List<Long> processes) {}

  private Ended run(List<String> command) throws Exception {
    Path said = folder.resolve("said");
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(said.toFile())
              .start();
    } catch (IOException e) {
      throw new AssertionError("needs " + command.getFirst() + ": apt-get install linux-perf", e);
    }
    try {
      process.getOutputStream().close();
      List<Long> processes = new ArrayList<>();
      while (!process.waitFor(100, TimeUnit.MILLISECONDS)) {
        process.descendants().map(ProcessHandle::pid).forEach(processes::add);
      }
      return new Ended(process.exitValue(), Files.readString(said, UTF_8), processes);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private static List<String> perf(String... words) {
    var command = new ArrayList<>(List.of("perf"));
    command.addAll(List.of(words));
    return command;
  }

  private List<String> recording(List<String> command) {
    String data = folder.resolve("data").toString();
    List<String> all = perf("record", "-q", "-e", "cpu-clock", "-F", "199", "-o", data, "--");
    all.addAll(command);
    return all;
  }

  @BeforeEach
  void hostLetsPerfRecord() throws Exception {
    assumeTrue(X86BackEnd.available(), "machine code needs Linux on x86-64");
    Ended tried = run(recording(List.of("true")));
    assumeTrue(tried.code == 0, () -> "this host does not let perf record: " + tried.said);
  }

  /** Counts down, and switches off. */
  private Path countdown() throws IOException {
    var a = new Assembler();
    a.li(A0, ROUNDS);
    var again = a.here("again");
    a.i(RiscvEncoder.addi(A0, A0, -1));
    a.to(again, d -> RiscvEncoder.bne(A0, 0, d));
    a.li(A0, 0x10_0000);
    a.li(A1, 0x5555);
    a.i(RiscvEncoder.sw(A0, A1, 0));
    a.j(a.here("forever"));
    return Files.write(folder.resolve("kernel"), a.assemble());
  }

  @Test
  void guestCodeIsWhatTheTimeWentTo() throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var kasuari = new ArrayList<String>();
    kasuari.addAll(List.of(java, "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"));
    kasuari.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.kasuari.cli.Main"));
    kasuari.addAll(List.of("system", "riscv64", "-m", "16M", "-bios", "none", "-display", "none"));
    kasuari.addAll(List.of("-serial", "null", "-kernel", "" + countdown(), "-perfmap"));
    Ended ended = run(recording(kasuari));
    try {
      assertThat(ended.code).as(ended.said).isZero();
      Ended report =
          run(
              perf(
                  "report",
                  "-i",
                  folder.resolve("data").toString(),
                  "--stdio",
                  "--sort",
                  "sym",
                  "--percent-limit",
                  "20"));
      assertThat(report.said).as("more than a fifth of the time").contains("guest 0x800000");
    } finally {
      for (long process : ended.processes) {
        Files.deleteIfExists(Path.of("/tmp/perf-" + process + ".map"));
      }
    }
  }
}
