package dev.kasuari.boards;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * A program in assembly for Arm's {@code virt}, with what it prints on QEMU's.
 *
 * @param image its bytes, in a file
 */
record ArmProgram(Path image) {
  /**
   * Assembles a source of the tests.
   *
   * @param symbols what it leaves open: {@code NAME=VALUE}
   */
  static ArmProgram of(Path folder, String name, String... symbols)
      throws IOException, InterruptedException {
    Path image = folder.resolve(name + ".bin");
    Path object = object(folder, name, symbols);
    tool(List.of("aarch64-linux-gnu-objcopy", "-O", "binary", "" + object, "" + image));
    return new ArmProgram(image);
  }

  /**
   * The same as an ELF program.
   *
   * @param options for the linker
   * @param symbols what it leaves open
   */
  static ArmProgram linked(Path folder, String name, List<String> options, String... symbols)
      throws IOException, InterruptedException {
    Path image = folder.resolve(name + ".elf");
    var linker = new ArrayList<>(List.of("aarch64-linux-gnu-ld", "-o", "" + image));
    linker.addAll(options);
    linker.add("" + object(folder, name, symbols));
    tool(linker);
    return new ArmProgram(image);
  }

  private static Path object(Path folder, String name, String... symbols)
      throws IOException, InterruptedException {
    Path source = resource(folder, name);
    resource(folder, "digits.s"); // which programs include
    Path object = folder.resolve(name + ".o");
    var assembler =
        new ArrayList<>(List.of("aarch64-linux-gnu-as", "-I", "" + folder, "-o", "" + object));
    for (String symbol : symbols) {
      assembler.addAll(List.of("--defsym", symbol));
    }
    assembler.add(source.toString());
    tool(assembler);
    return object;
  }

  private static Path resource(Path folder, String name) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in = ArmProgram.class.getResourceAsStream(name)) {
      Files.write(file, Objects.requireNonNull(in).readAllBytes());
    }
    return file;
  }

  private static void tool(List<String> command) throws InterruptedException {
    assertThat(run(command, "binutils-aarch64-linux-gnu")).isEmpty();
  }

  /**
   * What it prints on QEMU's board of two CPUs, on the first serial port.
   *
   * @param more arguments
   */
  String onQemu(String properties, String cpu, List<String> more) throws InterruptedException {
    var command =
        new ArrayList<>(
            List.of("qemu-system-aarch64", "-nodefaults", "-display", "none", "-serial", "stdio"));
    command.addAll(List.of("-M", "virt," + properties, "-cpu", cpu, "-smp", "2", "-m", "128M"));
    command.addAll(more);
    return run(command, "qemu-system-arm");
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
