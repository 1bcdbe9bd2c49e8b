package dev.kasuari.block.nbd;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Hangs up on a server that says nothing, unless it is closed in time. */
final class TimeLimit implements AutoCloseable {
  private final int seconds;
  private final Thread watch;
  private volatile boolean late;

  TimeLimit(Wire wire, int seconds) {
    this.seconds = seconds;
    watch = Thread.ofVirtual().start(() -> watch(wire));
  }

  private void watch(Wire wire) {
    try {
      TimeUnit.SECONDS.sleep(seconds);
      late = true;
      wire.close();
    } catch (InterruptedException e) {
      // in time
    }
  }

  /** Why something failed: what it says, or that time was up. */
  IOException explained(IOException e) {
    return late ? new IOException("no handshake within " + seconds + " seconds", e) : e;
  }

  @Override
  public void close() {
    watch.interrupt();
  }
}
