package dev.kasuari.boards;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.qapi.OptionSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A program that asks Arm's {@code virt} what it is prints the same as on QEMU's. */
@Tag("guest")
class ArmVirtQemuTest {
  private static final String PROGRAM = "arm-virt.s";
  private static final int LINES = 31;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2 | off | cortex-a57",
        "3 | off | cortex-a57",
        "2 | on | max",
        "3 | on | max",
      })
  void aProgramFindsTheSame(int gic, String hypervisor, String cpu) throws Exception {
    String kernel = assemble(gic, hypervisor.equals("on") ? 1 : 0).toString();
    String properties = "gic-version=" + gic + ",virtualization=" + hypervisor;
    String qemu = qemu(properties, cpu, kernel);
    var boot = new BootOptions(null, kernel, null, null, null);
    OptionSource source = OptionSource.of("-M", properties, "");
    try (var machine = new BoardMachine("aarch64", source, "virt", cpu, 128L << 20, 2, boot)) {
      assertThat(machine.run()).isZero();
      assertThat(machine.printed()).isEqualTo(qemu).hasLineCount(LINES);
    }
  }

  private Path assemble(int gic, int hyp) throws IOException, InterruptedException {
    Path source = folder.resolve(PROGRAM);
    try (InputStream in = ArmVirtQemuTest.class.getResourceAsStream(PROGRAM)) {
      Files.write(source, Objects.requireNonNull(in).readAllBytes());
    }
    Path object = folder.resolve("program.o");
    Path program = folder.resolve("program");
    tool("as", "--defsym", "GIC=" + gic, "--defsym", "HYP=" + hyp, "-o", "" + object, "" + source);
    tool("objcopy", "-O", "binary", "" + object, "" + program);
    return program;
  }

  private static void tool(String name, String... arguments) throws InterruptedException {
    var command = new ArrayList<>(List.of("aarch64-linux-gnu-" + name));
    command.addAll(List.of(arguments));
    assertThat(run(command, "binutils-aarch64-linux-gnu")).isEmpty();
  }

  private static String qemu(String properties, String cpu, String kernel)
      throws InterruptedException {
    return run(
        List.of(
            "qemu-system-aarch64",
            "-nodefaults",
            "-display",
            "none",
            "-serial",
            "stdio",
            "-M",
            "virt," + properties,
            "-cpu",
            cpu,
            "-smp",
            "2",
            "-kernel",
            kernel),
        "qemu-system-arm");
  }

  /** What a program prints. */
  private static String run(List<String> command, String debianPackage)
      throws InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String printed =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      boolean ended = process.waitFor(60, TimeUnit.SECONDS);
      process.destroyForcibly();
      assertThat(ended).as(command + " ends").isTrue();
      assertThat(process.exitValue()).as(printed).isZero();
      return printed;
    } catch (IOException e) {
      throw new AssertionError(
          "needs " + command.getFirst() + ": apt-get install " + debianPackage, e);
    }
  }
}
