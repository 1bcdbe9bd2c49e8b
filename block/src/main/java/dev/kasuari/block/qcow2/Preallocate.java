package dev.kasuari.block.qcow2;

import dev.kasuari.block.Preallocation;
import dev.kasuari.block.Zeroes;

/** Gives guest clusters their places before anybody writes them. */
final class Preallocate {
  private static final long CHUNK = 1L << 30;

  private Preallocate() {}

  /** All clusters of a range that have none yet; they read as zero, as before. */
  static void range(Metadata image, long from, long to, Preallocation how) {
    Geometry g = image.g;
    long at = from & ~g.clusterMask();
    while (at < to) {
      long tableEnd = (at & -g.l2Span()) + g.l2Span();
      long end = Math.min(Math.min(tableEnd, at + CHUNK), to);
      clusters(image, at, end, how);
      image.commit.relieve();
      at = end;
    }
  }

  private static void clusters(Metadata image, long from, long to, Preallocation how) {
    Geometry g = image.g;
    long first = from >>> g.clusterBits();
    long count = g.clusters(to - from);
    Refcounts.Run place =
        image.locked(() -> {
          image.map.own(first);
          return image.data.external()
              ? new Refcounts.Run(from | Geometry.EXTERNAL, count, false)
              : image.refcounts.allocate(count);
        });
    long bytes = image.data.external() ? to - from : count << g.clusterBits();
    long host = place.offset() & ~Geometry.EXTERNAL;
    if (how == Preallocation.FULL) {
      Zeroes.write(image.data.node(), host, bytes);
    } else {
      image.data.node().writeZeroes(host, bytes, how == Preallocation.METADATA);
    }
    image.locked(() -> {
      for (long i = 0; i < count; i++) {
        if (image.map.get(first + i).equals(Cluster.ABSENT)) {
          // Zeroes in the file are noise when they are decrypted.
          Cluster whole =
              image.data.encrypted() && image.header.version == 3
                  ? Cluster.ABSENT.withZero(g.allSubclusters())
                  : Cluster.ABSENT.withData(g.allSubclusters());
          long there = place.offset() + (i << g.clusterBits());
          image.map.set(first + i, whole.withHost(there, true));
        } else if (!image.data.external()) {
          image.commit.free(place.offset() + (i << g.clusterBits()), g.clusterSize());
        }
      }
      return true;
    });
  }
}
