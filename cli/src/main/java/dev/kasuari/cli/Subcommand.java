package dev.kasuari.cli;

import java.util.List;

/** Something that {@code kasuari NAME} does. */
interface Subcommand {
  /** The word. */
  String name();

  /** A line about it. */
  String doc();

  /** What complaints begin with, given its arguments. */
  default String program(List<String> arguments) {
    return "kasuari " + name();
  }

  /**
   * Does it.
   *
   * @return the exit code of the process
   * @throws Exception whatever went wrong; the message is for people if it is one of their mistakes
   */
  int run(List<String> arguments, Streams streams) throws Exception;
}
