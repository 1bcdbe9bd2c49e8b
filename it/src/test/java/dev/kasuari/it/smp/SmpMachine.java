package dev.kasuari.it.smp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.boards.BoardOptions;
import dev.kasuari.boards.Boards;
import dev.kasuari.boards.BootOptions;
import dev.kasuari.boot.BootException;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.interp.Interpreter;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A {@code virt} board that runs a {@link GuestProgram} under the built-in SBI. */
final class SmpMachine implements AutoCloseable {
  private static final long RAM = 128L << 20;

  private final Screen screen = new Screen();
  private final Machine machine;

  SmpMachine(GuestProgram program, Path folder, BackEnd.Maker backEnd)
      throws BootException, IOException, InterruptedException {
    Path elf = program.build(folder);
    machine = Machine.builder(program.source()).build();
    boolean made = false;
    try {
      var options =
          new BoardOptions(
              RAM,
              program.harts(),
              "rv64",
              backEnd,
              List.of(screen),
              Map.of(),
              OptionSource.empty("-M"));
      Boards.of("riscv64")
          .getFirst()
          .build(machine, options)
          .load(new BootOptions(null, elf.toString(), null, null, null));
      made = true;
    } finally {
      if (!made) {
        machine.close();
      }
    }
  }

  /** {@code -Dkasuari.it.backend=}, or machine code where the host can run it. */
  static BackEnd.Maker usual() {
    String name = System.getProperty("kasuari.it.backend", "x86_64");
    boolean interpreted = name.equals("interp") || !X86BackEnd.available();
    return code -> interpreted ? new Interpreter() : new X86BackEnd(code.floatEnv());
  }

  /** Runs a program to its good end; the numbers that it reported, by name. */
  static Map<String, Long> run(GuestProgram program, Path folder, BackEnd.Maker backEnd)
      throws BootException, IOException, InterruptedException {
    try (var machine = new SmpMachine(program, folder, backEnd)) {
      machine.machine.resume();
      machine.awaitEnd();
      System.out.print(machine.screen.text());
      return machine.reported();
    }
  }

  Machine machine() {
    return machine;
  }

  /** Waits until the guest has done all that it wants to. */
  void awaitEnd() throws InterruptedException {
    Shutdown end = machine.awaitShutdown(20, TimeUnit.MINUTES);
    @Nullable Throwable failure = machine.failure();
    if (end == null || failure != null) {
      throw new AssertionError(
          (end == null ? "the guest goes on: " : end.reason() + ": ") + screen.text(), failure);
    }
    assertThat(screen.text()).endsWith("done\n");
    assertThat(end.exitCode()).isZero();
  }

  /** Where the guests have what they change. */
  byte[] memory() {
    return machine.ram().blocks().stream()
        .filter(block -> block.size() == RAM)
        .findFirst()
        .orElseThrow()
        .get(0x20_0000, 8 << 20);
  }

  String printed() {
    return screen.text();
  }

  /** Lines of names and one number. */
  private Map<String, Long> reported() {
    return screen
        .text()
        .lines()
        .filter(line -> line.matches(".* \\d+"))
        .collect(
            Collectors.toMap(
                line -> line.substring(0, line.lastIndexOf(' ')),
                line -> Long.parseUnsignedLong(line.substring(line.lastIndexOf(' ') + 1))));
  }

  @Override
  public void close() {
    machine.close();
  }
}
