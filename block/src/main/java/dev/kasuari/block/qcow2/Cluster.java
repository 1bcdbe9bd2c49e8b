package dev.kasuari.block.qcow2;

/**
 * What an L2 entry says of a guest cluster ("Standard Cluster Descriptor", "Compressed Clusters
 * Descriptor", "Extended L2 Entries"). A cluster without subclusters is one with a single one.
 *
 * @param host where its bytes are in the file; 0 for nowhere. Of a compressed cluster, the byte
 *     where the compressed data begins
 * @param copied nobody else uses the host cluster, so that it may be written in place
 * @param compressed its bytes are compressed, all together
 * @param sectors how many sectors of 512 bytes after the first one compressed data reaches into
 * @param allocated subclusters whose bytes are at {@code host}, a bit each
 * @param zero subclusters that read as zero, a bit each
 */
record Cluster(
    long host, boolean copied, boolean compressed, int sectors, int allocated, int zero) {
  static final Cluster ABSENT = new Cluster(0, false, false, 0, 0, 0);

  static Cluster decode(Geometry g, long entry, long bitmap) {
    if ((entry & Geometry.COMPRESSED) != 0) {
      int shift = g.sectorsShift();
      long offset = entry & (1L << Math.min(shift, 56)) - 1;
      int sectors = (int) (entry >>> shift) & (1 << (62 - shift)) - 1;
      return new Cluster(offset, false, true, sectors, g.allSubclusters(), 0);
    }
    long host = entry & Geometry.OFFSET_MASK;
    boolean copied = (entry & Geometry.COPIED) != 0;
    if (g.external() && (host != 0 || copied)) {
      host |= Geometry.EXTERNAL;
    }
    if (g.extended()) {
      return new Cluster(host, copied, false, 0, (int) bitmap, (int) (bitmap >>> 32));
    }
    boolean zero = (entry & Geometry.ZERO) != 0;
    return new Cluster(host, copied, false, 0, host != 0 && !zero ? 1 : 0, zero ? 1 : 0);
  }

  /** The first 64 bits. */
  long entry(Geometry g) {
    if (compressed) {
      return Geometry.COMPRESSED | (long) sectors << g.sectorsShift() | host;
    }
    long flags = copied ? Geometry.COPIED : 0;
    return (host & ~Geometry.EXTERNAL) | flags | (!g.extended() && zero != 0 ? Geometry.ZERO : 0);
  }

  /** The second 64 bits of an extended entry. */
  long bitmap() {
    return compressed ? 0 : (allocated & 0xffff_ffffL) | (long) zero << 32;
  }

  /** True if its host cluster may be written. */
  boolean exclusive() {
    return copied && !compressed && host != 0;
  }

  /** True if its bytes are in a data file. */
  boolean external() {
    return (host & Geometry.EXTERNAL) != 0;
  }

  /** Bytes of compressed data, at most. */
  int compressedSize() {
    return (sectors + 1) * 512 - (int) (host & 511);
  }

  /** True if a subcluster has no bytes and is not zero: a backing file decides. */
  boolean absent(int subcluster) {
    return ((allocated | zero) >>> subcluster & 1) == 0;
  }

  Cluster withHost(long newHost, boolean exclusive) {
    return new Cluster(newHost, exclusive, false, 0, allocated, zero);
  }

  /** With bytes in these subclusters. */
  Cluster withData(int subclusters) {
    return new Cluster(host, copied, false, 0, allocated | subclusters, zero & ~subclusters);
  }

  /** With zeroes in these subclusters. */
  Cluster withZero(int subclusters) {
    return new Cluster(host, copied, false, 0, allocated & ~subclusters, zero | subclusters);
  }

  Cluster withCopied(boolean value) {
    return new Cluster(host, value, compressed, sectors, allocated, zero);
  }
}
