package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Buffers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * How often each host cluster is used, and which are free ("Host cluster management"). All under
 * the image's lock.
 *
 * <p>A new block of counts counts itself, and is in the file before the table names it. A table
 * that became too small is written anew behind what it covers, and the header names it in one step.
 */
final class Refcounts {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /**
   * Clusters that were free.
   *
   * @param offset of the first
   * @param clusters how many
   * @param fresh nobody has ever written them: they read as zero
   */
  record Run(long offset, long clusters, boolean fresh) {}

  private final BlockNode file;
  private final Header header;
  private final Geometry g;
  private final TableCache cache;

  /** What the file is told of clusters that are free. */
  Discards discards = Discards.STANDARD;

  /** Offsets of the blocks; 0 for those whose counts are all 0. */
  private long[] table;

  /** No entry from here on names a block. */
  private int tableEnd;

  /** All clusters before this one are in use. */
  private long hint;

  /** Bytes from here on have never been written. */
  private long untouched;

  Refcounts(BlockNode file, Header header, TableCache cache) {
    this.file = file;
    this.header = header;
    this.cache = cache;
    g = header.geometry();
    file.event("reftable_load");
    table = Tables.read("Could not initialize refcount handling", this::readTable);
    tableEnd = end(table);
    untouched = file.growsAsZeroes() ? file.size() : Long.MAX_VALUE;
  }

  private long[] readTable() {
    int entries = header.refcountTableClusters << (g.clusterBits() - 3);
    return Tables.longs(file, header.refcountTableOffset, entries);
  }

  private static int end(long[] table) {
    int end = table.length;
    while (end > 0 && table[end - 1] == 0) {
      end--;
    }
    return end;
  }

  TableCache cache() {
    return cache;
  }

  /** The offset of the block that counts {@code cluster}, or 0. */
  private long block(long cluster) {
    long index = cluster >>> g.refcountBlockBits();
    if (index >= table.length) {
      return 0;
    }
    long entry = table[(int) index];
    if ((entry & g.clusterMask()) != 0 || entry < 0) {
      throw BlockException.corrupt(
          "Refblock offset %#x unaligned (reftable index: %#x)".formatted(entry, index));
    }
    return entry;
  }

  /** How often a cluster is used, by a block that can be one; otherwise not at all. */
  long counted(long cluster) {
    return usable(cluster >>> g.refcountBlockBits()) ? get(cluster) : 0;
  }

  private boolean usable(long index) {
    long entry = index < table.length ? table[(int) index] : 0;
    return entry != 0 && (entry & g.clusterMask()) == 0 && entry >= 0 && entry < file.size();
  }

  /**
   * What {@link #counted(long)} answers for clusters of one block.
   *
   * @param first a multiple of {@code to.length}, a power of two and 8 at least
   */
  void counted(long first, long[] to) {
    if (!usable(first >>> g.refcountBlockBits())) {
      Arrays.fill(to, 0);
      return;
    }
    int order = g.refcountOrder();
    int piece = (int) Math.min(cache.pieceSize(), ((long) to.length << order) >>> 3);
    int each = (int) ((piece * 8L) >>> order);
    int block = (int) (first >>> g.refcountBlockBits());
    long inBlock = first & ((1L << g.refcountBlockBits()) - 1);
    long start = table[block] + ((inBlock << order) >>> 3);
    for (int i = 0; i < to.length / each; i++) {
      long at = start + (long) i * piece;
      TableCache.Piece from = cache.get(at, block);
      decode(from.bytes.asSlice(at - from.offset, piece), order, to, i * each, each);
    }
  }

  private static void decode(MemorySegment bytes, int order, long[] to, int first, int count) {
    if (order == 4) { // what nearly all images have: in one step
      short[] counts = new short[count];
      MemorySegment.copy(bytes, SHORT, 0, counts, 0, count);
      for (int i = 0; i < count; i++) {
        to[first + i] = Short.toUnsignedLong(counts[i]);
      }
      return;
    }
    for (int i = 0; i < count; i++) {
      to[first + i] =
          decode(bytes, order >= 3 ? (long) i << (order - 3) : i >>> (3 - order), i, order);
    }
  }

  /** How often a cluster is used. */
  long get(long cluster) {
    long block = block(cluster);
    if (block == 0) {
      return 0;
    }
    long index = cluster & ((1L << g.refcountBlockBits()) - 1);
    int order = g.refcountOrder();
    long at = order >= 3 ? index << (order - 3) : index >>> (3 - order);
    TableCache.Piece piece = cache.get(block + at, (int) (cluster >>> g.refcountBlockBits()));
    return decode(piece.bytes, (block + at) - piece.offset, index, order);
  }

  static long decode(MemorySegment bytes, long at, long index, int order) {
    return switch (order) {
      case 6 -> bytes.get(TableCache.LONG, at);
      case 5 -> bytes.get(INT, at) & 0xffff_ffffL;
      case 4 -> bytes.get(SHORT, at) & 0xffffL;
      case 3 -> bytes.get(ValueLayout.JAVA_BYTE, at) & 0xffL;
      default -> {
        int bits = 1 << order;
        int shift = (int) (index & ((8 >> order) - 1)) * bits;
        yield (bytes.get(ValueLayout.JAVA_BYTE, at) >>> shift) & ((1 << bits) - 1);
      }
    };
  }

  private static void encode(MemorySegment bytes, long at, long index, int order, long value) {
    switch (order) {
      case 6 -> bytes.set(TableCache.LONG, at, value);
      case 5 -> bytes.set(INT, at, (int) value);
      case 4 -> bytes.set(SHORT, at, (short) value);
      case 3 -> bytes.set(ValueLayout.JAVA_BYTE, at, (byte) value);
      default -> {
        int bits = 1 << order;
        int shift = (int) (index & ((8 >> order) - 1)) * bits;
        int mask = ((1 << bits) - 1) << shift;
        int old = bytes.get(ValueLayout.JAVA_BYTE, at);
        bytes.set(ValueLayout.JAVA_BYTE, at, (byte) ((old & ~mask) | ((int) value << shift)));
      }
    }
  }

  /** Sets a count of a block that begins with {@code bytes}. */
  static void count(MemorySegment bytes, long index, int order, long value) {
    encode(bytes, order >= 3 ? index << (order - 3) : index >>> (3 - order), index, order, value);
  }

  /** Sets how often a cluster is used; its block exists. */
  void set(long cluster, long value) {
    long block = block(cluster);
    long index = cluster & ((1L << g.refcountBlockBits()) - 1);
    int order = g.refcountOrder();
    long at = order >= 3 ? index << (order - 3) : index >>> (3 - order);
    TableCache.Piece piece = cache.get(block + at, (int) (cluster >>> g.refcountBlockBits()));
    encode(piece.bytes, (block + at) - piece.offset, index, order, value);
    cache.touch(piece);
  }

  /** Adds to the counts of all clusters that a range of bytes touches. */
  void add(long offset, long bytes, int delta) {
    long first = offset >>> g.clusterBits();
    long last = (offset + bytes - 1) >>> g.clusterBits();
    for (long cluster = first; cluster <= last; cluster++) {
      long before = get(cluster);
      refuse(cluster, before, delta);
      long count = before + delta;
      set(cluster, count);
      if (count == 0) {
        hint = Math.min(hint, cluster);
      }
    }
  }

  /** Refuses to change the count of a cluster that is free, or to one that has no room. */
  void refuse(long cluster, long count, int delta) {
    if (count == 0) {
      throw BlockException.corrupt(
          "the cluster at %#x is used, and counted as free".formatted(cluster << g.clusterBits()));
    }
    if (delta > 0 && count > g.maxRefcount() - delta) {
      throw BlockException.invalid(
          "a cluster cannot be used more than "
              + g.maxRefcount()
              + " times in this image; make it with more refcount_bits");
    }
  }

  /** True if there is a block that counts a cluster. */
  boolean hasBlock(long cluster) {
    long index = cluster >>> g.refcountBlockBits();
    return index < table.length && table[(int) index] != 0;
  }

  /** Corrects a count; false if there is no block to correct. */
  boolean repair(long cluster, long count) {
    long index = cluster >>> g.refcountBlockBits();
    if (index >= table.length || table[(int) index] == 0 || count > g.maxRefcount()) {
      return false;
    }
    set(cluster, count);
    hint = 0;
    return true;
  }

  /** Counts clusters of the image's own once less. */
  void release(long offset, long bytes) {
    release(offset, bytes, Discards.Reason.OTHER);
  }

  /** Counts clusters once less; the room of those that are free then may be given back. */
  void release(long offset, long bytes, Discards.Reason reason) {
    add(offset, bytes, -1);
    long first = offset >>> g.clusterBits();
    long last = (offset + bytes - 1) >>> g.clusterBits();
    for (long cluster = first; cluster <= last; cluster++) {
      if (get(cluster) == 0) {
        if (discards.passes(reason)) {
          file.discard(cluster << g.clusterBits(), g.clusterSize());
        }
        packing = packing >>> g.clusterBits() == cluster ? 0 : packing;
      }
    }
  }

  /** Where the next compressed cluster may begin, within one that has room left; or 0. */
  private long packing;

  /**
   * Finds room for compressed data, which may share a cluster with other such data, and counts it.
   *
   * @param bytes fewer than a cluster has
   */
  Run allocateBytes(int bytes) {
    long size = g.clusterSize();
    long left = packing == 0 ? 0 : size - (packing & g.clusterMask());
    boolean shares = left >= bytes;
    if (shares && get(packing >>> g.clusterBits()) >= g.maxRefcount()) {
      shares = false;
    }
    Run run = shares ? new Run(packing, 1, false) : allocate(1);
    if (shares) {
      add(packing, 1, 1);
    }
    packing = run.offset() + bytes;
    if ((packing & g.clusterMask()) == 0) {
      packing = 0;
    }
    return run;
  }

  /** Finds clusters that are free and in a row, and counts them once. */
  Run allocate(long clusters) {
    while (true) {
      long first = search(clusters);
      if (missing(first, clusters) < 0) {
        return count(first, clusters);
      }
      if (clusters >= 1L << g.refcountBlockBits()) {
        return allocateMany(clusters);
      }
      cover(first, missing(first, clusters));
    }
  }

  /** As {@link #allocate}, but perhaps fewer: as many as there are in one place. */
  Run allocateSome(long most) {
    while (true) {
      long first = search(1);
      if (missing(first, 1) >= 0) {
        cover(first, missing(first, 1));
        continue;
      }
      long length = 1;
      while (length < most && get(first + length) == 0 && missing(first + length, 1) < 0) {
        length++;
      }
      return count(first, length);
    }
  }

  private Run count(long first, long clusters) {
    Run run = taken(first << g.clusterBits(), clusters);
    for (long i = 0; i < clusters; i++) {
      set(first + i, 1);
    }
    if (first == hint) {
      hint = first + clusters;
    }
    return run;
  }

  private Run taken(long offset, long clusters) {
    long bytes = clusters << g.clusterBits();
    if (offset == 0) {
      throw BlockException.corrupt("the cluster of the header is counted as free");
    }
    if (offset + bytes > HeaderCheck.MAX_OFFSET) {
      throw new BlockException(BlockException.Kind.TOO_LARGE, "the image has no more offsets");
    }
    boolean fresh = offset >= untouched;
    if (untouched != Long.MAX_VALUE) {
      untouched = Math.max(untouched, offset + bytes);
    }
    cache.forgetUnpinned(offset, bytes);
    return new Run(offset, clusters, fresh);
  }

  private long search(long clusters) {
    while (get(hint) != 0) {
      hint++;
    }
    long first = hint;
    for (long length = 0; length < clusters; length++) {
      if (get(first + length) != 0) {
        first += length + 1;
        length = -1;
      }
    }
    return first;
  }

  /** The index of the first block that is not there of those that count these clusters, or −1. */
  private long missing(long first, long clusters) {
    int bits = g.refcountBlockBits();
    for (long index = first >>> bits; index <= (first + clusters - 1) >>> bits; index++) {
      if (index >= table.length || table[(int) index] == 0) {
        return index;
      }
    }
    return -1;
  }

  /** Makes a block; it takes a place among what it counts, from {@code first} on. */
  private void cover(long first, long index) {
    if (index >= table.length) {
      growTable(index + 1);
    } else {
      addBlock((int) index, Math.max(first, index << g.refcountBlockBits()));
    }
  }

  /**
   * Clusters for which blocks must be made that would stand in the row: they are all made at once,
   * before it, where nothing has been counted yet.
   */
  private Run allocateMany(long clusters) {
    int bits = g.refcountBlockBits();
    int index = table.length;
    while (index > 0 && table[index - 1] == 0) {
      index--;
    }
    long blocks = blocksFor(clusters, bits);
    if (index + blocks > table.length) {
      growTable(index + blocks);
      return allocateMany(clusters);
    }
    long base = (long) index << bits;
    taken(base << g.clusterBits(), blocks + clusters);
    for (int i = 0; i < blocks; i++) {
      long counted = Math.min(blocks + clusters - ((long) i << bits), 1L << bits);
      writeCounts((base + i) << g.clusterBits(), 0, counted);
    }
    file.flush();
    long counting = ((blocks - 1) >>> bits) + 1; // those that count the new blocks
    for (int i = 0; i < blocks; i++) {
      if (i == counting) {
        file.flush();
      }
      writeEntry(index + i, (base + i) << g.clusterBits());
    }
    boolean fresh = false; // not known any more
    return new Run((base + blocks) << g.clusterBits(), clusters, fresh);
  }

  /** A block that counts itself. */
  private void addBlock(int index, long cluster) {
    long offset = cluster << g.clusterBits();
    taken(offset, 1);
    long within = cluster & ((1L << g.refcountBlockBits()) - 1);
    writeCounts(offset, within, 1);
    file.flush();
    writeEntry(index, offset);
  }

  private void writeEntry(int index, long block) {
    table[index] = block;
    tableEnd = Math.max(tableEnd, index + 1);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment entry = arena.allocate(8);
      entry.set(TableCache.LONG, 0, block);
      file.write(header.refcountTableOffset + index * 8L, entry);
    }
  }

  /** Counts some clusters of a new block once, in the file. */
  private void writeCounts(long block, long from, long count) {
    int order = g.refcountOrder();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = Buffers.small(arena, g.clusterSize());
      for (long i = from; i < from + count; i++) {
        count(bytes, i, order, 1);
      }
      file.write(block, bytes);
    }
  }

  /** A longer table with blocks for itself, behind all that the old one covers. */
  private void growTable(long entries) {
    int bits = g.refcountBlockBits();
    long perCluster = g.clusterSize() / 8;
    long wanted = Math.max(entries, table.length + table.length / 2L);
    long base = (long) table.length << bits;
    long tableClusters;
    long blocks;
    while (true) {
      tableClusters = (wanted + perCluster - 1) / perCluster;
      blocks = blocksFor(tableClusters, bits);
      long needed = table.length + blocks;
      if (needed <= tableClusters * perCluster) {
        break;
      }
      wanted = needed;
    }
    if (tableClusters << g.clusterBits() > HeaderCheck.MAX_REFCOUNT_TABLE_BYTES) {
      throw new BlockException(BlockException.Kind.TOO_LARGE, "Refcount table too large");
    }
    long[] longer = Arrays.copyOf(table, (int) (tableClusters * perCluster));
    long used = blocks + tableClusters;
    taken(base << g.clusterBits(), used);
    for (int i = 0; i < blocks; i++) {
      long offset = (base + i) << g.clusterBits();
      longer[table.length + i] = offset;
      writeCounts(offset, 0, Math.min(used - ((long) i << bits), 1L << bits));
    }
    replaceTable(longer, (base + blocks) << g.clusterBits(), (int) tableClusters);
  }

  private static long blocksFor(long tableClusters, int bits) {
    long blocks = 1;
    while (blocks << bits < blocks + tableClusters) {
      blocks++;
    }
    return blocks;
  }

  private void replaceTable(long[] longer, long offset, int clusters) {
    long oldOffset = header.refcountTableOffset;
    long oldBytes = (long) header.refcountTableClusters << g.clusterBits();
    nameTable(longer, offset, clusters);
    if (oldBytes > 0) {
      add(oldOffset, oldBytes, -1);
    }
  }

  /** Writes another table, whose blocks are in the file, and forgets all that was known. */
  void replace(long[] blocks, long offset, int clusters) {
    cache.forgetUnpinned(0, Long.MAX_VALUE);
    nameTable(blocks, offset, clusters);
    hint = 0;
    packing = 0;
    untouched = Long.MAX_VALUE;
  }

  private void nameTable(long[] longer, long offset, int clusters) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = Buffers.small(arena, (long) clusters << g.clusterBits());
      for (int i = 0; i < longer.length; i++) {
        bytes.set(TableCache.LONG, i * 8L, longer[i]);
      }
      file.write(offset, bytes);
    }
    file.flush();
    header.refcountTableOffset = offset;
    header.refcountTableClusters = clusters;
    header.writeFixed(file);
    file.flush();
    table = longer;
    tableEnd = end(table);
  }

  /** True if a range overlaps the table. */
  boolean overlaps(long offset, long bytes) {
    long tableBytes = (long) header.refcountTableClusters << g.clusterBits();
    return offset < header.refcountTableOffset + tableBytes
        && header.refcountTableOffset < offset + bytes;
  }

  long[] table() {
    return table;
  }

  /** How many of the table's entries may name blocks; the rest are zeroes. */
  int tableEnd() {
    return tableEnd;
  }
}
