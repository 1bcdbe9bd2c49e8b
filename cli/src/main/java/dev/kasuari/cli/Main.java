package dev.kasuari.cli;

import dev.kasuari.bench.BenchException;
import dev.kasuari.boot.BootException;
import dev.kasuari.guests.GuestException;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import java.util.List;

/** The command {@code kasuari}. */
public final class Main {
  private final List<Subcommand> subcommands =
      List.of(
          new SystemCommand(),
          new ImageCommand(),
          new IoCommand(),
          new NbdCommand(),
          new StorageDaemonCommand(),
          new DemoCommand(),
          new BenchCommand());
  private final Streams streams;

  Main(Streams streams) {
    this.streams = streams;
  }

  /** Runs a command and ends the process with its exit code. */
  @SuppressWarnings("SystemOut")
  public static void main(String[] arguments) {
    System.exit(new Main(new Streams(System.out, System.err)).run(List.of(arguments)));
  }

  int run(List<String> arguments) {
    String first = arguments.isEmpty() ? "--help" : arguments.getFirst();
    switch (first) {
      case "--help", "-help", "-h", "help" -> {
        streams.out().print(help());
        return 0;
      }
      case "--version", "-version", "version" -> {
        streams.out().println("Kasuari " + Version.number());
        return 0;
      }
      default -> {}
    }
    for (Subcommand subcommand : subcommands) {
      if (subcommand.name().equals(first)) {
        return run(subcommand, arguments.subList(1, arguments.size()));
      }
    }
    List<String> names =
        java.util.stream.Stream.concat(
                subcommands.stream().map(Subcommand::name),
                java.util.stream.Stream.of("test", "build", "dist", "--help", "--version"))
            .toList();
    streams.err().println("kasuari: no command '" + first + "'" + Nearest.hint(first, names));
    return 1;
  }

  private int run(Subcommand subcommand, List<String> arguments) {
    String program = subcommand.program(arguments);
    try {
      return subcommand.run(arguments, streams);
    } catch (OptionException | BootException | GuestException | BenchException e) {
      streams.err().println(program + ": " + e.getMessage());
    } catch (OutOfMemoryError e) {
      streams
          .err()
          .println(
              program + ": the Java heap is too small; -Xmx in KASUARI_JAVA_OPTIONS enlarges it");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Throwable e) {
      streams.err().println(program + ": " + FailureReport.write(program, arguments, e));
    }
    return 1;
  }

  private String help() {
    var out = new StringBuilder();
    out.append(
        """
        Kasuari, a machine emulator.

        Usage: kasuari COMMAND [ARGUMENTS]

        """);
    for (Subcommand subcommand : subcommands) {
      out.append(String.format("  %-22s %s%n", subcommand.name(), subcommand.doc()));
    }
    out.append(
        """
          test [fast|guest]      run the tests, all or one kind of them
          build                  build what is missing or stale
          dist                   make a package with a JVM of its own in dist/target/kasuari
          --version              say which Kasuari this is

        'kasuari system riscv64 -help' lists the options of the RISC-V machines; they mean what they
        mean to QEMU. kasuari-system-riscv64 is short for 'kasuari system riscv64'.
        """);
    return out.toString();
  }
}
