package dev.kasuari.img;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.Drivers;
import dev.kasuari.qapi.OptionException;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The command {@code kasuari-img}. */
public final class ImageTool {
  private static final List<Command> COMMANDS =
      List.of(
          new AmendCommand(),
          new BenchCommand(),
          new BitmapCommand(),
          new CheckCommand(),
          new CommitCommand(),
          new CompareCommand(),
          new ConvertCommand(),
          new CreateCommand(),
          new DdCommand(),
          new InfoCommand(),
          new MapCommand(),
          new MeasureCommand(),
          new SnapshotCommand(),
          new RebaseCommand(),
          new ResizeCommand());

  private ImageTool() {}

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    var out =
        new PrintStream(
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16),
            false,
            StandardCharsets.UTF_8);
    var err =
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    int code = run(List.of(arguments), out, err);
    out.flush();
    if (code != 0) { // all threads are daemons; exit() would make a logger first, which takes 4 ms
      System.exit(code);
    }
  }

  /** Runs a command and returns its exit code. */
  public static int run(List<String> arguments, PrintStream out, PrintStream err) {
    String first = arguments.isEmpty() ? "" : arguments.getFirst();
    switch (first) {
      case "" -> {
        return fail(err, ToolException.usage("Not enough arguments"));
      }
      case "-h", "--help" -> {
        out.print(help());
        return 0;
      }
      case "-V", "--version" -> {
        out.println("kasuari-img");
        return 0;
      }
      case "-T", "--trace" -> {
        return fail(err, new ToolException("--trace: images have no trace events"));
      }
      default -> {}
    }
    for (Command command : COMMANDS) {
      if (command.name().equals(first)) {
        return run(command, arguments.subList(1, arguments.size()), out, err);
      }
    }
    return fail(err, ToolException.usage("Command not found: " + first));
  }

  private static int run(
      Command command, List<String> arguments, PrintStream out, PrintStream err) {
    if (arguments.contains("-h") || arguments.contains("--help")) {
      out.println("Usage: kasuari-img " + command.name() + " " + command.syntax());
      return 0;
    }
    try {
      return command.run(arguments, out, err);
    } catch (ToolException e) {
      return fail(err, e);
    } catch (BlockException | OptionException e) {
      return fail(err, new ToolException(String.valueOf(e.getMessage())));
    } finally {
      out.flush();
    }
  }

  private static int fail(PrintStream err, ToolException e) {
    err.println("kasuari-img: " + e.getMessage());
    return e.code();
  }

  private static String help() {
    var out = new StringBuilder();
    out.append(
        """
        Makes, looks at and changes disk images, as qemu-img does.

        Usage: kasuari-img COMMAND [ARGUMENTS]

        """);
    for (Command command : COMMANDS) {
      out.append("  ").append(command.name()).append(' ').append(command.syntax()).append('\n');
    }
    out.append("\nSupported formats: ")
        .append(String.join(" ", Drivers.all().stream().map(BlockDriver::name).sorted().toList()))
        .append('\n');
    return out.toString();
  }
}
