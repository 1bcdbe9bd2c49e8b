package dev.kasuari.cli;

import dev.kasuari.boards.BoardType;
import dev.kasuari.boards.Boards;
import dev.kasuari.boot.BootException;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.vm.VirtualMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** {@code kasuari system TARGET ...}: a machine with QEMU's command line. */
final class SystemCommand implements Subcommand {
  @Override
  public String name() {
    return "system";
  }

  @Override
  public String doc() {
    return "run a machine: system TARGET [OPTIONS], where TARGET is "
        + String.join(", ", targets());
  }

  private static List<String> targets() {
    return Boards.all().stream().map(BoardType::target).distinct().toList();
  }

  @Override
  public String program(List<String> arguments) {
    return !arguments.isEmpty() && targets().contains(arguments.getFirst())
        ? "kasuari-system-" + arguments.getFirst()
        : "kasuari system";
  }

  @Override
  public int run(List<String> arguments, Streams streams)
      throws BootException, InterruptedException {
    VirtualMachine.prepare();
    String target = arguments.isEmpty() ? "help" : arguments.getFirst();
    if (List.of("help", "-h", "-help", "--help").contains(target)) {
      streams.out().println("Usage: kasuari system TARGET [OPTIONS]");
      streams.out().println("Targets: " + String.join(", ", targets()));
      return arguments.isEmpty() ? 1 : 0;
    }
    if (!targets().contains(target)) {
      throw new OptionException("no target '" + target + "'" + Nearest.hint(target, targets()));
    }
    List<String> rest = arguments.subList(1, arguments.size());
    Request request = SystemArguments.parse(target, Boards.of(target), rest);
    if (request instanceof Request.Print(String text)) {
      streams.out().print(text);
      return 0;
    }
    return run((Request.Run) request, program(arguments), streams);
  }

  private static int run(Request.Run run, String program, Streams streams)
      throws BootException, InterruptedException {
    VirtualMachine machine = VirtualMachine.create(run.description());
    for (VirtualMachine.Redirection stream : machine.redirections()) {
      // QEMU's words: scripts read them.
      streams
          .out()
          .printf("char device redirected to %s (label %s)%n", stream.path(), stream.label());
      streams.out().flush();
    }
    if (run.dumpDtb() != null) {
      try (machine) {
        dump(machine, Path.of(run.dumpDtb()));
        streams.err().println(program + ": wrote the devicetree to " + run.dumpDtb());
      }
      return 0;
    }
    return new Running(machine, program, streams).untilEnd(run.paused());
  }

  private static void dump(VirtualMachine machine, Path file) {
    try {
      Files.write(file, machine.deviceTree().write());
    } catch (IOException e) {
      throw new OptionException("-M dumpdtb=" + file + ": cannot be written: " + e.getMessage(), e);
    }
  }
}
