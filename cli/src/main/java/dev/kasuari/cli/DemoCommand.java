package dev.kasuari.cli;

import dev.kasuari.boards.Boards;
import dev.kasuari.boards.BootOptions;
import dev.kasuari.boot.BootException;
import dev.kasuari.demo.DemoDisk;
import dev.kasuari.demo.DemoKernel;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.vm.Drive;
import dev.kasuari.vm.MachineDescription;
import dev.kasuari.vm.SerialPort;
import dev.kasuari.vm.VirtualMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code kasuari demo}: a small guest that is part of Kasuari, on the terminal. */
final class DemoCommand implements Subcommand {
  private static final long RAM = 128L << 20;
  private static final String HELP =
      """
      Usage: kasuari demo [--smp N] [--run "COMMAND;COMMAND"]
             kasuari demo debian [riscv64|aarch64] [--smp N]

      Boots a small kernel that is part of Kasuari on a RISC-V machine, or Debian's on that or on
      an Arm machine.
        --smp N         the number of CPUs, from 1 to 8 (4, for debian 2)
        --run COMMANDS  run these commands of the small kernel and switch off
      """;

  /** What was asked for. */
  private record Arguments(
      DebianDemo.@Nullable Release debian, boolean help, int cpus, @Nullable String run) {}

  @Override
  public String name() {
    return "demo";
  }

  @Override
  public String doc() {
    return "boot a small guest on the terminal; 'demo debian' boots Debian's Linux";
  }

  @Override
  public int run(List<String> arguments, Streams streams) throws Exception {
    Arguments asked = parse(arguments);
    if (asked.help) {
      streams.out().print(HELP);
      return 0;
    }
    return asked.debian != null
        ? new DebianDemo(asked.debian, streams).run(asked.cpus == 0 ? 2 : asked.cpus)
        : small(asked.cpus == 0 ? 4 : asked.cpus, asked.run, streams);
  }

  private static Arguments parse(List<String> words) {
    boolean ofDebian = !words.isEmpty() && words.getFirst().equals("debian");
    DebianDemo.Release debian = ofDebian ? DebianDemo.Release.RISCV64 : null;
    int cpus = 0;
    String run = null;
    for (int i = ofDebian ? 1 : 0; i < words.size(); i++) {
      String word = words.get(i);
      DebianDemo.Release named = i == 1 && ofDebian ? DebianDemo.Release.of(word) : null;
      if (named != null) {
        debian = named;
        continue;
      }
      switch (word) {
        case "--help", "-help", "-h", "help" -> {
          return new Arguments(debian, true, 0, null);
        }
        case "--smp", "-smp" -> cpus = cpus(argument(words, ++i));
        case "--run" -> run = argument(words, ++i);
        default -> throw new OptionException(word + ": no such option; 'demo --help' lists them");
      }
    }
    if (ofDebian && run != null) {
      throw new OptionException("--run: it is for the small kernel only");
    }
    return new Arguments(debian, false, cpus, run);
  }

  private static String argument(List<String> words, int at) {
    if (at >= words.size()) {
      throw new OptionException(words.get(at - 1) + ": an argument is missing");
    }
    return words.get(at);
  }

  private static int cpus(String text) {
    if (!text.matches("[1-8]")) {
      throw new OptionException("--smp " + text + ": the number of CPUs is from 1 to 8");
    }
    return Integer.parseInt(text);
  }

  private static int small(int cpus, @Nullable String run, Streams streams)
      throws IOException, BootException, InterruptedException {
    var files = new TemporaryFiles("kasuari-demo-");
    Path kernel = files.path("kernel");
    Path disk = files.path("disk.img");
    VirtualMachine machine;
    try {
      Files.write(kernel, DemoKernel.image());
      Files.write(disk, DemoDisk.image());
      machine = VirtualMachine.create(description(cpus, kernel, disk, run));
    } catch (IOException | BootException | RuntimeException e) {
      files.close();
      throw e;
    }
    machine.machine().own(files);
    if (run == null) {
      streams.err().println("kasuari: Ctrl-A x leaves, Ctrl-A h shows more keys");
    }
    return new Running(machine, "kasuari demo", streams).untilEnd(false);
  }

  private static MachineDescription description(
      int cpus, Path kernel, Path disk, @Nullable String run) {
    return MachineDescription.of(Boards.of("riscv64").getFirst())
        .name("demo")
        .ram(RAM)
        .cpus(cpus)
        .serial(SerialPort.terminal())
        .drive(Drive.raw(disk.toString()))
        .boot(new BootOptions(null, kernel.toString(), null, commands(run), null))
        .build();
  }

  /** The kernel takes commands from its command line; it ends when they do. */
  private static @Nullable String commands(@Nullable String run) {
    if (run == null) {
      return null;
    }
    boolean ends = List.of(run.split(";")).stream().anyMatch(c -> c.strip().equals("poweroff"));
    return "quiet run=" + run + (ends ? "" : ";poweroff");
  }
}
