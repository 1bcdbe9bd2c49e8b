package dev.kasuari.cli;

import dev.kasuari.guests.Progress;
import dev.kasuari.host.Terminal;
import java.io.PrintStream;

/** Shows on the standard error stream how a fetch goes on: a bar for people, lines for logs. */
final class ProgressBar implements Progress, AutoCloseable {
  private static final int STDERR = 2;
  private static final int WIDTH = 30;

  private final PrintStream out;
  private final boolean drawn;
  private String name = "";
  private String shown = "";
  private boolean finished = true;

  ProgressBar(PrintStream out) {
    this(out, Terminal.isTerminal(STDERR));
  }

  ProgressBar(PrintStream out, boolean drawn) {
    this.out = out;
    this.drawn = drawn;
  }

  @Override
  public synchronized void update(String what, long bytes, long total) {
    if (!what.equals(name)) {
      endLine();
      name = what;
      shown = "";
    }
    boolean complete = total >= 0 && bytes >= total;
    String line = drawn ? bar(what, bytes, total) : complete ? what + ": done" : what + " ...";
    if (!line.equals(shown)) {
      out.print(drawn ? "\r\u001b[K" + line : line + System.lineSeparator());
      out.flush();
      shown = line;
      finished = !drawn;
    }
    if (complete) {
      endLine();
    }
  }

  @Override
  public synchronized void note(String line) {
    endLine();
    out.println(line);
  }

  /** {@code name [=====> ] 12.3 of 45.6 MB}. */
  private static String bar(String what, long bytes, long total) {
    if (total <= 1) { // not a size
      return what + (total >= 0 && bytes >= total ? " done" : " ...");
    }
    int filled = (int) Math.min(WIDTH, bytes * WIDTH / total);
    String bar = "=".repeat(filled) + " ".repeat(WIDTH - filled);
    return String.format("%s [%s] %.1f of %.1f MB", what, bar, bytes / 1e6, total / 1e6);
  }

  private void endLine() {
    if (!finished) {
      out.println();
      finished = true;
    }
  }

  @Override
  public synchronized void close() {
    endLine();
  }
}
