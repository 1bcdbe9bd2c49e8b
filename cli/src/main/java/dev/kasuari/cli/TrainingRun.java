package dev.kasuari.cli;

import java.util.List;

/**
 * Several commands in one process, one after the other, with {@code --then} between them: what the
 * JVM is to have loaded, linked and learnt when a package is made. Not a command for people.
 */
public final class TrainingRun {
  private TrainingRun() {}

  /** Runs the commands and ends the process: with 0 if all of them did well. */
  @SuppressWarnings("SystemOut")
  public static void main(String[] arguments) {
    System.exit(run(List.of(arguments), new Streams(System.out, System.err)));
  }

  static int run(List<String> words, Streams streams) {
    int code = 0;
    for (List<String> command : dev.kasuari.img.TrainingRun.commands(words)) {
      code = Math.max(code, new Main(streams).run(command));
    }
    return code;
  }
}
