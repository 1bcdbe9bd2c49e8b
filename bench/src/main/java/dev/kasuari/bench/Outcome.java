package dev.kasuari.bench;

import java.util.List;

/**
 * What became of a process.
 *
 * @param end how it ended
 * @param status its exit status, if it ended by itself
 * @param output what it printed, to both streams
 * @param seconds from before its start to its end, or to the line that was waited for
 * @param cpuSeconds of all its threads, in user and kernel mode, to a hundredth
 * @param firstOutput seconds to the first byte that it printed; not a number if there was none
 */
record Outcome(
    End end, int status, String output, double seconds, double cpuSeconds, double firstOutput) {
  /** How a process ends. */
  enum End {
    /** By itself. */
    EXIT,
    /** It was ended after the line that was waited for. */
    FOUND,
    /** It was ended because it took too long. */
    TIMEOUT,
    /** It could not be started. */
    NO_START
  }

  boolean succeeded() {
    return end == End.FOUND || (end == End.EXIT && status == 0);
  }

  /** What went wrong, in a line. */
  String complaint() {
    List<String> lines = output.lines().map(String::strip).filter(l -> !l.isEmpty()).toList();
    String said = lines.isEmpty() ? "" : ": " + lines.getLast();
    return switch (end) {
      case EXIT -> "exit status " + status + said;
      case FOUND -> "";
      case TIMEOUT -> String.format("no end after %.0f s", seconds) + said;
      case NO_START -> "cannot be started" + said;
    };
  }
}
