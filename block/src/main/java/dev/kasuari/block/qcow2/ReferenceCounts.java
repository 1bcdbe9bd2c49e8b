package dev.kasuari.block.qcow2;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * How often each cluster of a file is named, as a check counts it: a byte for each cluster of those
 * parts of the file of which any cluster is named, whatever the file's size.
 */
final class ReferenceCounts {
  private static final int PART_BITS = 16;
  private static final int PART = 1 << PART_BITS;
  private static final int MANY = 0xff;

  private final long clusters;
  private byte[][] parts;

  /** What does not fit into a byte. */
  private final Map<Long, Long> many = new HashMap<>();

  /** Of a file of so many clusters, of which none is named. */
  ReferenceCounts(long clusters) {
    this.clusters = clusters;
    parts = new byte[(int) ((clusters + PART - 1) >>> PART_BITS)][];
  }

  long clusters() {
    return clusters;
  }

  long get(long cluster) {
    byte[] part = part(cluster);
    int count = part == null ? 0 : part[(int) cluster & (PART - 1)] & 0xff;
    return count < MANY ? count : many.getOrDefault(cluster, (long) MANY);
  }

  private byte @org.jspecify.annotations.Nullable [] part(long cluster) {
    int index = (int) (cluster >>> PART_BITS);
    return index < parts.length ? parts[index] : null;
  }

  /** Names a cluster so many times more, or less. */
  void add(long cluster, int delta) {
    long count = get(cluster) + delta;
    int index = (int) (cluster >>> PART_BITS);
    byte[] part = part(cluster);
    if (part == null) {
      part = new byte[PART];
      parts[index] = part;
    }
    part[(int) cluster & (PART - 1)] = (byte) Math.min(count, MANY);
    if (count >= MANY) {
      many.put(cluster, count);
    } else if (count - delta >= MANY) {
      many.remove(cluster);
    }
  }

  /** Names a cluster once more if it is one of the file and has not been named often. */
  boolean addPlainly(long cluster, long most) {
    byte[] part = cluster < clusters ? part(cluster) : null;
    if (part == null) {
      return false;
    }
    int at = (int) cluster & (PART - 1);
    int count = part[at] & 0xff;
    if (count >= MANY - 1 || count >= most) {
      return false;
    }
    part[at] = (byte) (count + 1);
    return true;
  }

  /**
   * The first cluster from {@code from} on that may not be named as often as counts say, or {@code
   * end}.
   *
   * @param counts how often each is used
   * @param first which of these is the count of {@code from}
   */
  long alike(long from, long end, long[] counts, int first) {
    long at = from;
    int i = first;
    while (at < end) {
      byte[] part = part(at);
      long stop = Math.min(end, (at | (PART - 1)) + 1);
      for (; at < stop; at++, i++) {
        int named = part == null ? 0 : part[(int) at & (PART - 1)] & 0xff;
        if (named != counts[i] || named == MANY) {
          return at;
        }
      }
    }
    return at;
  }

  /** The same, of a longer file. */
  ReferenceCounts longer(long to) {
    var longer = new ReferenceCounts(to);
    longer.parts = Arrays.copyOf(parts, longer.parts.length);
    longer.many.putAll(many);
    return longer;
  }
}
