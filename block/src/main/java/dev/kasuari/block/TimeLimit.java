package dev.kasuari.block;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Hangs up on a server that says nothing, unless it is closed in time. */
public final class TimeLimit implements AutoCloseable {
  private final int seconds;
  private final Thread watch;
  private volatile boolean late;

  /**
   * Time runs from now on.
   *
   * @param hangUp makes what waits for the server fail
   */
  public TimeLimit(Runnable hangUp, int seconds) {
    this.seconds = seconds;
    watch = Thread.ofVirtual().start(() -> watch(hangUp));
  }

  private void watch(Runnable hangUp) {
    try {
      TimeUnit.SECONDS.sleep(seconds);
      late = true;
      hangUp.run();
    } catch (InterruptedException e) {
      // in time
    }
  }

  /** Why something failed: what it says, or that time was up. */
  public IOException explained(IOException e) {
    return late ? new IOException("no handshake within " + seconds + " seconds", e) : e;
  }

  @Override
  public void close() {
    watch.interrupt();
  }
}
