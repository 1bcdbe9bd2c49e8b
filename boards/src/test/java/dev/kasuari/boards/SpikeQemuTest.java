package dev.kasuari.boards;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our {@code spike} against QEMU's. */
@Tag("guest")
@Timeout(180)
class SpikeQemuTest {
  private static final Path OPENSBI =
      Path.of("/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin");

  private static final QemuDevicetree DEVICETREE =
      new QemuDevicetree(
          "riscv64",
          "spike",
          "rv64",
          Map.of(
              "/htif:", "QEMU has it beside the bus",
              "/soc/htif@1000000:", "the same, on its bus"),
          Map.of("/chosen:stdout-path", "as the path of htif"));

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void theDevicetreeDiffersInNamedPlacesOnly(int cpus) throws Exception {
    assertThat(DEVICETREE.differences(cpus, folder)).isEmpty();
  }

  @Test
  void aProgramPrintsAndEndsTheSame() throws Exception {
    same(RiscvSpikeBoardTest.program("Hello", 42));
  }

  @Test
  void aProgramWithWordsOfItsOwnPrintsAndEndsTheSame() throws Exception {
    same(RiscvSpikeBoardTest.programWithSymbols("Hello", 43));
  }

  private void same(byte[] program) throws Exception {
    Path kernel = Files.write(folder.resolve("kernel"), program);
    Outcome qemu = qemu("-bios", "none", "-kernel", kernel.toString());
    assertThat(qemu.printed()).isEqualTo("Hello");
    var boot = new BootOptions("none", kernel.toString(), null, null, null);
    try (var machine = machine(boot)) {
      assertThat(machine.run()).isEqualTo(qemu.code());
      assertThat(machine.printed()).isEqualTo(qemu.printed());
    }
  }

  /** Up to a kernel in supervisor mode, which ends the machine. */
  @Test
  void openSbiTellsOfTheSameMachine() throws Exception {
    assertThat(OPENSBI).as("needs OpenSBI: apt-get install opensbi").exists();
    Path kernel = Files.write(folder.resolve("kernel"), RiscvSpikeBoardTest.kernel('!', 47));
    var boot = new BootOptions(OPENSBI.toString(), kernel.toString(), null, null, null);
    Outcome qemu = qemu("-bios", OPENSBI.toString(), "-kernel", kernel.toString());
    try (var machine = machine(boot)) {
      assertThat(machine.run()).isEqualTo(qemu.code());
      assertThat(told(machine.printed())).isNotEmpty().isEqualTo(told(qemu.printed()));
    }
  }

  /** The banner, and what of OpenSBI's report is about the board. */
  private static List<String> told(String printed) {
    return printed
        .lines()
        .map(String::strip)
        .filter(l -> l.startsWith("OpenSBI v") || l.matches("Platform .* Device .*"))
        .toList();
  }

  private static BoardMachine machine(BootOptions boot) throws Exception {
    return new BoardMachine("spike", 128 * RiscvSpikeBoardTest.MEBIBYTE, 1, boot);
  }

  private record Outcome(String printed, int code) {}

  private Outcome qemu(String... options) throws InterruptedException {
    var command = new ArrayList<>(List.of("qemu-system-riscv64", "-M", "spike", "-nographic"));
    command.addAll(List.of(options));
    Path printed = folder.resolve("printed");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(printed.toFile())
              .start();
      process.getOutputStream().close();
      boolean ended = process.waitFor(60, TimeUnit.SECONDS);
      process.destroyForcibly();
      assertThat(ended).as("QEMU ends").isTrue();
      String text = Files.readString(printed, StandardCharsets.ISO_8859_1);
      return new Outcome(text, process.exitValue());
    } catch (IOException e) {
      throw new AssertionError("needs QEMU: apt-get install qemu-system-misc", e);
    }
  }
}
