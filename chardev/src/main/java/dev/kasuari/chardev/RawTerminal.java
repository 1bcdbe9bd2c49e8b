package dev.kasuari.chardev;

import dev.kasuari.host.HostException;
import dev.kasuari.host.Terminal;

/**
 * A terminal in raw mode that is put back at {@link #close} or when the JVM ends, unless that is by
 * {@code Runtime.halt} or SIGKILL.
 */
final class RawTerminal implements AutoCloseable {
  private final Terminal terminal;
  private final Thread hook = new Thread(this::restore, "terminal");

  /**
   * Makes the terminal raw.
   *
   * @param signals whether Ctrl-C and its like stay signals
   */
  RawTerminal(int fd, boolean signals) {
    terminal = Terminal.raw(fd, signals);
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void restore() {
    try {
      terminal.close();
    } catch (HostException e) {
      return; // the terminal has gone (hang-up): there is nothing to put back
    }
  }

  @Override
  public void close() {
    restore();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return; // the JVM is ending, and the hook finds nothing to do
    }
  }
}
