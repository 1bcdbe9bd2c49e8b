package dev.kasuari.block.qcow2;

/**
 * The sizes that follow from a header.
 *
 * @param clusterBits a cluster has 2 to the power of this many bytes
 * @param extended L2 entries have 16 bytes and clusters have 32 subclusters ("Extended L2 Entries")
 * @param external guest bytes are in a file of their own, where nobody counts clusters
 * @param refcountOrder a reference count has 2 to the power of this many bits
 */
record Geometry(int clusterBits, boolean extended, int refcountOrder, boolean external) {
  static final int SUBCLUSTERS = 32;

  /** The entry, 9 to 55, that says where something is ("Cluster mapping"). */
  static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;

  static final long COPIED = 1L << 63;
  static final long COMPRESSED = 1L << 62;
  static final long ZERO = 1;

  /** Set in memory in offsets of a data file, of which 0 is one like others. */
  static final long EXTERNAL = 1L << 60;

  int clusterSize() {
    return 1 << clusterBits;
  }

  long clusterMask() {
    return clusterSize() - 1L;
  }

  /** Bytes of one L2 entry. */
  int entrySize() {
    return extended ? 16 : 8;
  }

  /** Entries of an L2 table, as a power of two. */
  int l2Bits() {
    return clusterBits - (extended ? 4 : 3);
  }

  /** Guest bytes that one L2 table describes. */
  long l2Span() {
    return 1L << (clusterBits + l2Bits());
  }

  int subclusters() {
    return extended ? SUBCLUSTERS : 1;
  }

  /** All subclusters, a bit each. */
  int allSubclusters() {
    return extended ? -1 : 1;
  }

  int subclusterSize() {
    return clusterSize() / subclusters();
  }

  /** Reference counts in one block, as a power of two. */
  int refcountBlockBits() {
    return clusterBits + 3 - refcountOrder;
  }

  /** The greatest reference count. */
  long maxRefcount() {
    int bits = 1 << refcountOrder;
    return bits == 64 ? Long.MAX_VALUE : (1L << bits) - 1;
  }

  /** Entries that an L1 table needs for a disk of that size. */
  long l1Entries(long size) {
    return (clusters(size) + (1L << l2Bits()) - 1) >>> l2Bits();
  }

  long clusters(long bytes) {
    return (bytes + clusterMask()) >>> clusterBits;
  }

  /** Where the sectors' number begins in a compressed cluster's descriptor. */
  int sectorsShift() {
    return 62 - (clusterBits - 8);
  }

  /** Bits of the subclusters that a range within one cluster touches. */
  int touched(long within, long length) {
    int sub = subclusterSize();
    long first = within / sub;
    long last = (within + length - 1) / sub;
    return mask(first, last + 1);
  }

  /** Bits of the subclusters that lie wholly in a range within one cluster. */
  int covered(long within, long length) {
    int sub = subclusterSize();
    long first = (within + sub - 1) / sub;
    long end = (within + length) / sub;
    return first >= end ? 0 : mask(first, end);
  }

  private static int mask(long first, long end) {
    long bits = (1L << end) - 1 & -(1L << first);
    return (int) bits;
  }
}
