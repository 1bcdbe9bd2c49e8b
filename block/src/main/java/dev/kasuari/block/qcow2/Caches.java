package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import org.jspecify.annotations.Nullable;

/**
 * How much metadata is kept in memory, whatever the image's size.
 *
 * @param mapBytes of L2 tables, at most
 * @param countBytes of reference counts
 * @param mapPiece bytes of an L2 table that are read together, a power of two; 0 for the usual
 */
record Caches(long mapBytes, long countBytes, int mapPiece) {
  /** Enough for all of 256 GiB with clusters of 64 KiB. */
  static final Caches STANDARD = new Caches(32 << 20, 4 << 20, 0);

  private static final int MAP_PIECE = 4096;
  private static final int COUNT_PIECE = 65536;

  /** The least: pieces that one operation may need at once. */
  private static final int LEAST_MAP = 16;

  private static final int LEAST_COUNTS = 8;

  /**
   * What a user wants. Source: QEMU's docs, "qcow2 L2/refcount cache configuration".
   *
   * @param both for both together, of which counts get a little and tables the rest
   * @throws BlockException if these do not go together
   */
  static Caches of(
      @Nullable Long both,
      @Nullable Long map,
      @Nullable Long counts,
      @Nullable Long entry,
      Geometry g) {
    if (both != null && map != null && counts != null) {
      throw BlockException.invalid(
          "cache-size, l2-cache-size and refcount-cache-size may not be set at the same time");
    }
    notMore("l2-cache-size", map, both);
    notMore("refcount-cache-size", counts, both);
    int piece = piece(entry, g);
    if (both == null) {
      return new Caches(
          map == null ? STANDARD.mapBytes : map,
          counts == null ? STANDARD.countBytes : counts,
          piece);
    }
    if (map != null) {
      return new Caches(map, both - map, piece);
    }
    long some = counts == null ? Math.min(both, 4L * g.clusterSize()) : counts;
    return new Caches(both - some, some, piece);
  }

  private static void notMore(String name, @Nullable Long size, @Nullable Long both) {
    if (both != null && size != null && size > both) {
      throw BlockException.invalid(name + " may not exceed cache-size");
    }
  }

  private static int piece(@Nullable Long entry, Geometry g) {
    if (entry == null) {
      return 0;
    }
    if (entry < 512 || entry > g.clusterSize() || Long.bitCount(entry) != 1) {
      throw BlockException.invalid(
          "L2 cache entry size must be a power of two between 512 and the cluster size ("
              + g.clusterSize()
              + ")");
    }
    return entry.intValue();
  }

  int mapPiece(Geometry g) {
    return mapPiece > 0 ? mapPiece : Math.min(g.clusterSize(), MAP_PIECE);
  }

  int mapPieces(Header h) {
    Geometry g = h.geometry();
    long whole = (g.clusters(h.size) * g.entrySize()) / mapPiece(g) + 1;
    return pieces(Math.min(whole, mapBytes / mapPiece(g)), LEAST_MAP);
  }

  int countPiece(Geometry g) {
    return Math.min(g.clusterSize(), COUNT_PIECE);
  }

  int countPieces(Geometry g) {
    return pieces(countBytes / countPiece(g), LEAST_COUNTS);
  }

  private static int pieces(long wanted, int least) {
    return Math.clamp(wanted, least, Integer.MAX_VALUE);
  }
}
