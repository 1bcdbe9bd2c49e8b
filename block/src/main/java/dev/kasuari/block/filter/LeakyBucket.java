package dev.kasuari.block.filter;

/**
 * One limit at work: what is let through fills a bucket, which leaks at the limit's rate; when it
 * is full somebody waits. A second, small bucket leaks at the rate of bursts.
 */
final class LeakyBucket {
  /** Without bursts a tenth of a second's worth goes through at once. */
  private static final double SLICE = 0.1;

  private final Limits.Limit limit;
  private double level;
  private double burst;

  LeakyBucket(Limits.Limit limit) {
    this.limit = limit;
  }

  boolean counts(boolean write) {
    return write ? limit.write() : limit.read();
  }

  void leak(double seconds) {
    level = Math.max(0, level - limit.average() * seconds);
    burst = Math.max(0, burst - limit.most() * seconds);
  }

  /** Seconds until the next request may go. */
  double delay() {
    boolean bursts = limit.most() > 0;
    double room = bursts ? (double) limit.most() * limit.seconds() : limit.average() * SLICE;
    if (level > room) {
      return (level - room) / limit.average();
    }
    double burstRoom = limit.most() * SLICE;
    return bursts && limit.seconds() > 1 && burst > burstRoom
        ? (burst - burstRoom) / limit.most()
        : 0;
  }

  void add(long bytes, double requests) {
    double units = limit.bytes() ? bytes : requests;
    level += units;
    burst += units;
  }
}
