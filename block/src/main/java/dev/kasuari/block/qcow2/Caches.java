package dev.kasuari.block.qcow2;

/**
 * How much metadata is kept in memory, whatever the image's size.
 *
 * @param mapBytes of L2 tables, at most
 * @param countBytes of reference counts
 */
record Caches(long mapBytes, long countBytes) {
  /** Enough for all of 256 GiB with clusters of 64 KiB. */
  static final Caches STANDARD = new Caches(32 << 20, 4 << 20);

  private static final int MAP_PIECE = 4096;
  private static final int COUNT_PIECE = 65536;

  int mapPiece(Geometry g) {
    return Math.min(g.clusterSize(), MAP_PIECE);
  }

  int mapPieces(Header h) {
    Geometry g = h.geometry();
    long whole = (g.clusters(h.size) * g.entrySize()) / mapPiece(g) + 1;
    return (int) Math.clamp(whole, 16, mapBytes / mapPiece(g));
  }

  int countPiece(Geometry g) {
    return Math.min(g.clusterSize(), COUNT_PIECE);
  }

  int countPieces(Geometry g) {
    return (int) Math.max(8, countBytes / countPiece(g));
  }
}
