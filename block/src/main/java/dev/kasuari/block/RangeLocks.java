package dev.kasuari.block;

import java.util.ArrayList;
import java.util.List;

/**
 * Ranges of a disk that are being read or written where they are, and ranges whose place is being
 * changed. The former go together; the latter with nothing. So a cluster is given to others only
 * when nobody is still reading or writing it as what it was.
 */
public final class RangeLocks {
  /** A range that is held. */
  public static final class Range {
    private final long start;
    private final long end;
    private final boolean exclusive;

    private Range(long start, long end, boolean exclusive) {
      this.start = start;
      this.end = end;
      this.exclusive = exclusive;
    }

    private boolean conflicts(Range other) {
      return start < other.end && other.start < end && (exclusive || other.exclusive);
    }
  }

  private final List<Range> held = new ArrayList<>();

  /** Waits until the range is free, and holds it. */
  public synchronized Range hold(long start, long end, boolean exclusive) {
    Range range = new Range(start, end, exclusive);
    boolean interrupted = false;
    while (conflicts(range)) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    held.add(range);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return range;
  }

  private boolean conflicts(Range range) {
    for (int i = 0; i < held.size(); i++) { // every request of a guest passes here
      if (held.get(i).conflicts(range)) {
        return true;
      }
    }
    return false;
  }

  /** Ends what {@link #hold} began. */
  public synchronized void release(Range range) {
    held.remove(range);
    notifyAll();
  }
}
