package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Counts made anew where the old ones cannot be mended: a table and blocks behind the end of the
 * file, which the header names when they are there. Where the old ones were is free then.
 */
final class RefcountRebuild {
  private final Qcow2Node image;
  private final Geometry g;

  RefcountRebuild(Qcow2Node image) {
    this.image = image;
    g = image.g;
  }

  /**
   * Does it.
   *
   * @param named how often each cluster is named, but for the old table and blocks
   * @return the same, with the new ones
   */
  ReferenceCounts run(ReferenceCounts named) {
    int bits = g.refcountBlockBits();
    long base = g.clusters(image.file.size());
    long perCluster = g.clusterSize() / 8;
    long blocks = 1;
    long tableClusters;
    while (true) {
      tableClusters = (blocks + perCluster - 1) / perCluster;
      long needed = (base + blocks + tableClusters + (1L << bits) - 1) >>> bits;
      if (needed <= blocks) {
        break;
      }
      blocks = needed;
    }
    if (tableClusters << g.clusterBits() > HeaderCheck.MAX_REFCOUNT_TABLE_BYTES) {
      throw new BlockException(BlockException.Kind.TOO_LARGE, "Refcount table too large");
    }
    long end = base + blocks + tableClusters;
    ReferenceCounts all = named.longer(end);
    for (long cluster = base; cluster < end; cluster++) {
      all.add(cluster, 1);
    }
    long[] table = new long[(int) (tableClusters * perCluster)];
    for (int i = 0; i < blocks; i++) {
      table[i] = (base + i) << g.clusterBits();
      writeBlock(table[i], all, (long) i << bits, end);
    }
    image.refcounts.replace(table, (base + blocks) << g.clusterBits(), (int) tableClusters);
    return all;
  }

  private void writeBlock(long offset, ReferenceCounts all, long first, long end) {
    long last = Math.min(end, first + (1L << g.refcountBlockBits()));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(g.clusterSize());
      for (long cluster = first; cluster < last; cluster++) {
        long count = all.get(cluster);
        if (count > g.maxRefcount()) {
          throw BlockException.corrupt(
              "the cluster at %#x is named more often than can be counted"
                  .formatted(cluster << g.clusterBits()));
        }
        if (count > 0) {
          Refcounts.count(bytes, cluster - first, g.refcountOrder(), count);
        }
      }
      image.file.write(offset, bytes);
    }
  }
}
