package dev.kasuari.img;

/** At most so many bytes in a second ({@code -r}). */
final class Rate {
  private final long bytesPerSecond;
  private final long start = System.nanoTime();
  private long spent;

  /**
   * A limit.
   *
   * @param bytesPerSecond 0 for none
   */
  Rate(long bytesPerSecond) {
    this.bytesPerSecond = bytesPerSecond;
  }

  static Rate of(Arguments a) {
    return new Rate(a.numberOf("r", "rate limit", Long.MAX_VALUE, 0));
  }

  /** Waits until so many bytes more are due. */
  synchronized void spend(long bytes) {
    if (bytesPerSecond == 0) {
      return;
    }
    spent += bytes;
    double due = spent * 1e9 / bytesPerSecond;
    long wait = (long) (due - (System.nanoTime() - start)) / 1_000_000;
    if (wait > 0) {
      try {
        Thread.sleep(wait);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ToolException("interrupted");
      }
    }
  }
}
