package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import java.time.Duration;

/**
 * Gives back the memory of tables that nobody has looked at for some time. Source: QEMU's docs,
 * "qcow2 L2/refcount cache configuration", "Reducing the memory usage".
 */
final class CacheCleaner implements AutoCloseable {
  private static final long MOST_SECONDS = 0xffff_ffffL;

  private final Qcow2Node image;
  private final Thread thread;
  private boolean closed;

  private CacheCleaner(Qcow2Node image, Duration interval) {
    this.image = image;
    thread = Thread.ofVirtual().name("qcow2 cache cleaner").unstarted(() -> run(interval));
  }

  /**
   * Cleans the caches of an image until it is closed.
   *
   * @param seconds what was not used for so long goes
   */
  static CacheCleaner start(Qcow2Node image, long seconds) {
    if (seconds < 1 || seconds > MOST_SECONDS) {
      throw BlockException.invalid("Cache clean interval too big");
    }
    var cleaner = new CacheCleaner(image, Duration.ofSeconds(seconds));
    cleaner.thread.start();
    return cleaner;
  }

  private void run(Duration interval) {
    try {
      while (clean()) {
        Thread.sleep(interval);
      }
    } catch (InterruptedException e) {
      // It was closed.
    }
  }

  /** Not while a check or a snapshot has the tables for itself. */
  private boolean clean() {
    boolean[] open = new boolean[1];
    image.commit.alone(() -> open[0] = image.locked(this::cleanHeld));
    return open[0];
  }

  private boolean cleanHeld() {
    if (!closed) {
      image.map.cache().clean();
      image.refcounts.cache().clean();
    }
    return !closed;
  }

  @Override
  public void close() {
    image.locked(() -> closed = true);
    thread.interrupt();
  }
}
