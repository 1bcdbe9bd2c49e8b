package dev.kasuari.boards;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.qapi.OptionSource;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs that ask Arm's {@code virt} what it is print the same as on QEMU's. */
@Tag("guest")
class ArmVirtQemuTest {
  private static final int LINES = 33;
  private static final int ITS_LINES = 24;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2 | off | off | cortex-a57",
        "3 | off | off | cortex-a57",
        "2 | on | off | max,pauth=off",
        "3 | on | off | max,pauth=off",
        "2 | off | on | max,pauth=on",
        "3 | off | on | cortex-a57",
        "2 | on | on | cortex-a57",
        "3 | on | on | max,pauth=on",
      })
  void aProgramFindsTheSame(int gic, String hypervisor, String secure, String cpu)
      throws Exception {
    String hyp = "HYP=" + (hypervisor.equals("on") ? 1 : 0);
    var program = ArmProgram.of(folder, "arm-virt.s", "GIC=" + gic, hyp);
    String properties =
        "gic-version=%d,virtualization=%s,secure=%s".formatted(gic, hypervisor, secure);
    compare(program, properties, cpu, LINES);
  }

  /** Tables and commands of the translation service, and interrupts on both CPUs. */
  @ParameterizedTest
  @ValueSource(strings = {"cortex-a57", "max"})
  void messagesBecomeInterrupts(String cpu) throws Exception {
    compare(ArmProgram.of(folder, "arm-its.s"), "gic-version=3", cpu, ITS_LINES);
  }

  /** Notes lie far from the code unless a linker is told otherwise, here in flash. */
  @ParameterizedTest
  @CsvSource({
    "0x40200000, --build-id, 0x4000f4",
    "0x40200000, --build-id=none, 0x40000000",
    "0x100000, --build-id, 0x4000f4",
    "0x100000, --build-id=none, 0x40000000"
  })
  void anElfProgramIsWhereItWasLinkedTo(String address, String notes, String shown)
      throws Exception {
    var program =
        ArmProgram.linked(
            folder, "arm-linked.s", List.of("-Ttext=" + address, notes), "SHOWN=" + shown);
    compare(program, "gic-version=2", "cortex-a57", 3);
  }

  private static void compare(ArmProgram program, String properties, String cpu, int lines)
      throws Exception {
    String kernel = program.image().toString();
    String qemu = program.onQemu(properties, cpu, List.of("-kernel", kernel));
    var boot = new BootOptions(null, kernel, null, null, null);
    try (var machine = machine(properties, cpu, boot)) {
      assertThat(machine.run()).isZero();
      assertThat(machine.printed()).isEqualTo(qemu).hasLineCount(lines);
    }
  }

  /** EL3 and both worlds. */
  @ParameterizedTest
  @ValueSource(strings = {"cortex-a57", "max"})
  void theSecureWorldKeepsToItself(String cpu) throws Exception {
    var program = ArmProgram.of(folder, "arm-secure.s");
    String properties = "gic-version=3,secure=on,virtualization=on";
    String bios = program.image().toString();
    Path secure = folder.resolve("secure");
    List<String> arguments = List.of("-serial", "file:" + secure, "-bios", bios);
    String qemu = program.onQemu(properties, cpu, arguments);
    String qemuSecure = Files.readString(secure, StandardCharsets.ISO_8859_1);
    var boot = new BootOptions(bios, null, null, null, null);
    try (var machine = machine(properties, cpu, boot)) {
      assertThat(machine.run()).isZero();
      assertThat(machine.printed(1)).isEqualTo(qemuSecure).hasLineCount(120);
      assertThat(machine.printed()).isEqualTo(qemu).hasLineCount(64);
    }
  }

  private static BoardMachine machine(String properties, String cpu, BootOptions boot)
      throws Exception {
    OptionSource source = OptionSource.of("-M", properties, "");
    return new BoardMachine("aarch64", source, "virt", cpu, 128L << 20, 2, boot);
  }
}
