package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import java.util.HashMap;
import java.util.Map;

/** Counts all that an L1 table leads to once more or once less; under the image's lock. */
final class TreeCount {
  private final Qcow2Node image;
  private final Geometry g;

  TreeCount(Qcow2Node image) {
    this.image = image;
    g = image.g;
  }

  /** Hears of each use of bytes of the file; of an L2 table after what it names. */
  private interface Uses {
    void use(long offset, long bytes, boolean shared);
  }

  /**
   * Refuses what {@link #count} could not finish, before anything has changed.
   *
   * @throws BlockException if a count is too great for its bits, or is less than it ought to be
   */
  void refuseCount(long[] l1, int delta) {
    Map<Long, Long> many = new HashMap<>();
    walk(
        l1,
        (offset, bytes, shared) -> {
          long last = (offset + bytes - 1) >>> g.clusterBits();
          for (long cluster = offset >>> g.clusterBits(); cluster <= last; cluster++) {
            long counted = image.refcounts.get(cluster);
            // A tree uses a cluster at most as often as it is counted: only compressed data share
            // one.
            boolean near = shared && delta > 0 && counted > g.maxRefcount() - counted;
            long before = near ? many.merge(cluster, 1L, Long::sum) - 1 : 0;
            image.refcounts.refuse(cluster, counted + before, delta);
          }
        });
  }

  /** Counts. */
  void count(long[] l1, int delta) {
    walk(
        l1,
        (offset, bytes, shared) -> {
          if (delta < 0) {
            image.refcounts.release(offset, bytes, Discards.Reason.SNAPSHOT);
          } else {
            image.refcounts.add(offset, bytes, delta);
          }
          if (image.refcounts.cache().full()) {
            image.commit.settle();
          }
        });
  }

  private void walk(long[] l1, Uses uses) {
    for (int i = 0; i < l1.length; i++) {
      long table = l1[i] & Geometry.OFFSET_MASK;
      if (table == 0) {
        continue;
      }
      if ((table & g.clusterMask()) != 0) {
        throw BlockException.corrupt(
            "L2 table offset %#x unaligned (L1 index: %#x)".formatted(table, i));
      }
      Tables.forEach(
          image.file,
          g,
          table,
          (index, cluster) -> {
            if (cluster.compressed()) {
              uses.use(cluster.host(), cluster.compressedSize(), true);
            } else if (cluster.host() != 0) {
              uses.use(cluster.host(), g.clusterSize(), false);
            }
          });
      uses.use(table, g.clusterSize(), false);
    }
  }
}
