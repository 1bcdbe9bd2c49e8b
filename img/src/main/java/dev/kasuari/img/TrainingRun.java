package dev.kasuari.img;

import dev.kasuari.img.io.IoTool;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Several commands in one process, one after the other, with {@code --then} between them: what the
 * JVM is to have loaded and linked when a package is made. Not a command for people.
 */
public final class TrainingRun {
  private TrainingRun() {}

  /** Runs {@code img …} and {@code io …}; ends the process with 0 if all of them did well. */
  @SuppressWarnings("SystemOut")
  public static void main(String[] arguments) {
    int code = 0;
    for (List<String> command : commands(List.of(arguments))) {
      List<String> rest = command.subList(1, command.size());
      int ended =
          command.getFirst().equals("io")
              ? IoTool.run(rest, InputStream.nullInputStream(), System.out, System.err)
              : ImageTool.run(rest, System.out, System.err);
      code = Math.max(code, ended);
    }
    System.exit(code);
  }

  /** What stands between {@code --then}s. */
  public static List<List<String>> commands(List<String> words) {
    var commands = new ArrayList<List<String>>();
    var command = new ArrayList<String>();
    for (String word : words) {
      if (word.equals("--then")) {
        commands.add(List.copyOf(command));
        command.clear();
      } else {
        command.add(word);
      }
    }
    commands.add(List.copyOf(command));
    return commands;
  }
}
