package dev.kasuari.img.daemon;

import dev.kasuari.block.BlockException;
import dev.kasuari.img.Arguments;
import dev.kasuari.img.ToolException;
import dev.kasuari.qapi.OptionException;
import java.io.PrintStream;
import java.util.List;
import java.util.Set;

/**
 * The frame of a command that serves until something ends it: its help, its version and its
 * complaints.
 *
 * @param name by which it is called if its launcher does not say
 * @param help what {@code --help} prints
 * @param flags options without a value, without their hyphens
 * @param valued options with one
 */
public record ServerCommand(String name, String help, Set<String> flags, Set<String> valued) {
  /** What it does when it is asked neither for help nor for its version. */
  @FunctionalInterface
  public interface Work {
    /** Returns the exit code. */
    int run(String program, Arguments given);
  }

  /** Runs it, and returns the exit code. */
  public int run(List<String> arguments, PrintStream out, PrintStream err, Work work) {
    String program = System.getProperty("kasuari.program", name);
    try {
      var given = new Arguments(arguments, flags, valued);
      if (given.has("h") || given.has("help")) {
        out.print(help);
        return 0;
      }
      if (given.has("V") || given.has("version")) {
        out.println(program + " (Kasuari)");
        return 0;
      }
      return work.run(program, given);
    } catch (ToolException | OptionException | BlockException e) {
      String text = String.valueOf(e.getMessage()).replace("kasuari-img", program);
      err.println(program + ": " + text);
      return 1;
    } finally {
      out.flush();
    }
  }
}
