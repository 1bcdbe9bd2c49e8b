package dev.kasuari.img.daemon;

import dev.kasuari.host.HostSession;
import dev.kasuari.img.ToolException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code --fork} and {@code --daemonize}: a JVM cannot split in two, so another is started by the
 * same command line; this one waits until that one says that it is ready, and leaves.
 */
public final class Background {
  private static final String MARK = "kasuari.background";
  private static final String READY = "ready";

  private Background() {}

  /** True in the process in the background. */
  public static boolean inside() {
    return Boolean.getBoolean(MARK);
  }

  /** Tells the process that waits that all is well, and leaves the terminal's session. */
  @SuppressWarnings("SystemOut")
  public static void ready() {
    if (inside()) {
      HostSession.leave();
      System.out.println(READY);
      System.out.flush();
    }
  }

  /** Starts the process in the background, waits until it is ready, and returns an exit code. */
  public static int start(List<String> arguments, PrintStream err) {
    ProcessHandle.Info info = ProcessHandle.current().info();
    String java = info.command().orElse("");
    String[] words = info.arguments().orElse(new String[0]);
    if (java.isEmpty() || words.length < arguments.size()) {
      throw new ToolException(
          "cannot go to the background: the host does not say how this process was started");
    }
    var command = new ArrayList<String>();
    command.add(java);
    command.add("-D" + MARK + "=true");
    command.addAll(List.of(words));
    try {
      Process process = new ProcessBuilder(command).redirectInput(devNull()).start();
      boolean ready;
      try (var out = reader(process.getInputStream())) {
        ready = READY.equals(out.readLine());
      }
      if (ready) {
        return 0;
      }
      try (var complaints = reader(process.getErrorStream())) {
        complaints.lines().forEach(err::println);
      }
      return Math.max(1, process.waitFor());
    } catch (IOException e) {
      throw new ToolException("cannot go to the background: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  private static java.io.File devNull() {
    return new java.io.File("/dev/null");
  }

  private static BufferedReader reader(java.io.InputStream in) {
    return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
  }
}
