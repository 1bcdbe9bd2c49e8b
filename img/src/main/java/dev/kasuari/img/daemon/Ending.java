package dev.kasuari.img.daemon;

import dev.kasuari.host.EndSignals;
import java.io.PrintStream;

/**
 * Has SIGTERM, SIGINT and SIGHUP end a server as it ends otherwise: what is under way is done,
 * images are closed, and the exit code is 0 unless that failed.
 */
public final class Ending implements AutoCloseable {
  private final Thread hook;

  /**
   * From now on.
   *
   * @param program for messages
   * @param end what is to be done; may find that it is done already
   */
  public Ending(String program, PrintStream out, PrintStream err, Runnable end) {
    hook =
        new Thread(() -> {
          int code = 0;
          try {
            end.run();
          } catch (RuntimeException e) {
            err.println(program + ": " + e.getMessage());
            code = 1;
          }
          out.flush();
          err.flush();
          Runtime.getRuntime().halt(code); // the JVM itself would say 128 and the signal
        });
    Runtime.getRuntime().addShutdownHook(hook);
    EndSignals.hearInterrupt();
  }

  /** Signals end the process as they do otherwise. */
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      waitForEver(); // it runs already
    }
  }

  private static void waitForEver() {
    while (true) {
      try {
        Thread.sleep(Long.MAX_VALUE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
