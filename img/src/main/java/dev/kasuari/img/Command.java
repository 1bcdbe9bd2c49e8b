package dev.kasuari.img;

import java.io.PrintStream;
import java.util.List;

/** Something that the tool does. */
interface Command {
  /** The word. */
  String name();

  /** What may stand behind it. */
  String syntax();

  /**
   * Does it.
   *
   * @return the exit code
   */
  int run(List<String> arguments, PrintStream out, PrintStream err);
}
