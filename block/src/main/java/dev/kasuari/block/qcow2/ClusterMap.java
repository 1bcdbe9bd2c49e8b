package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Buffers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Where guest clusters are ("Cluster mapping"). All under the image's lock. */
final class ClusterMap {
  /** What the bytes of a run are. */
  enum Kind {
    /** Stored as they are. */
    DATA,
    /** Stored compressed. */
    COMPRESSED,
    /** Zero. */
    ZERO,
    /** What the backing file says. */
    ABSENT
  }

  /**
   * Bytes of one kind in a row.
   *
   * @param host where they are, or where there is room for them; 0 for nowhere
   * @param cluster what the first one's entry says
   */
  record Run(Kind kind, long host, long length, Cluster cluster) {}

  private static final int MOST_CLUSTERS = 8192;

  private final BlockNode file;
  private final Header header;
  private final Geometry g;
  private final TableCache cache;
  private final Refcounts refcounts;
  private final Commit commit;
  private long[] l1;
  private final TreeSet<Integer> dirtyL1 = new TreeSet<>();

  /** What {@link #following} looks at. */
  private long[] entries = {};

  ClusterMap(BlockNode file, Header header, TableCache cache, Refcounts refcounts, Commit commit) {
    this.file = file;
    this.header = header;
    this.cache = cache;
    this.refcounts = refcounts;
    this.commit = commit;
    g = header.geometry();
    l1 =
        Tables.read(
            "Could not read L1 table", () -> Tables.longs(file, header.l1Offset, header.l1Size));
  }

  TableCache cache() {
    return cache;
  }

  long[] l1() {
    return l1;
  }

  /** Another table, as it is in the file. */
  void replaceL1(long[] table) {
    l1 = table;
    dirtyL1.clear();
  }

  /** The offset of an L2 table, or 0. */
  long table(int index) {
    return tableOffset(index < l1.length ? l1[index] : 0, index);
  }

  private long tableOffset(long entry, int index) {
    long offset = entry & Geometry.OFFSET_MASK;
    if ((offset & g.clusterMask()) != 0) {
      throw BlockException.corrupt(
          "L2 table offset %#x unaligned (L1 index: %#x)".formatted(offset, index));
    }
    return offset;
  }

  private int l1Index(long cluster) {
    return (int) (cluster >>> g.l2Bits());
  }

  private long l2At(long table, long cluster) {
    return table + (cluster & ((1L << g.l2Bits()) - 1)) * g.entrySize();
  }

  /** What the entry of a guest cluster says. */
  Cluster get(long cluster) {
    int index = l1Index(cluster);
    long table = table(index);
    if (table == 0) {
      return Cluster.ABSENT;
    }
    long at = l2At(table, cluster);
    TableCache.Piece piece = cache.get(at, index);
    long entry = piece.get(at - piece.offset);
    long bitmap = g.extended() ? piece.get(at - piece.offset + 8) : 0;
    Cluster found = Cluster.decode(g, entry, bitmap);
    refuseNonsense(found, cluster);
    return found;
  }

  private void refuseNonsense(Cluster c, long cluster) {
    if (!c.compressed() && (c.host() & g.clusterMask()) != 0) {
      throw BlockException.corrupt(
          "Cluster allocation offset %#x unaligned (guest offset: %#x)"
              .formatted(c.host() & ~Geometry.EXTERNAL, cluster << g.clusterBits()));
    }
    if (g.extended()
        && !c.compressed()
        && ((c.allocated() & c.zero()) != 0 || (c.allocated() != 0 && c.host() == 0))) {
      throw BlockException.corrupt(
          "Invalid subclusters (guest offset: %#x)".formatted(cluster << g.clusterBits()));
    }
  }

  /** Changes an entry; {@link #own} has been called for its table. */
  void set(long cluster, Cluster value) {
    int index = l1Index(cluster);
    long at = l2At(table(index), cluster);
    TableCache.Piece piece = cache.get(at, index);
    cache.set(piece, at - piece.offset, value.entry(g));
    if (g.extended()) {
      cache.set(piece, at - piece.offset + 8, value.bitmap());
    }
  }

  /**
   * Makes the L2 table of a guest cluster one that may be written: it is there, and no one's else.
   */
  void own(long cluster) {
    int index = l1Index(cluster);
    long entry = l1[index];
    long old = tableOffset(entry, index);
    if (old != 0 && (entry & Geometry.COPIED) != 0) {
      return;
    }
    long offset = refcounts.allocate(1).offset();
    cache.forgetUnpinned(offset, g.clusterSize());
    if (old == 0) {
      file.writeZeroes(offset, g.clusterSize(), false);
    } else {
      copyTable(old, offset);
      commit.free(old, g.clusterSize());
    }
    l1[index] = offset | Geometry.COPIED;
    dirtyL1.add(index);
  }

  /** What others use too has not been changed in memory: the file has it. */
  private void copyTable(long from, long to) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = Buffers.small(arena, g.clusterSize());
      file.read(from, bytes);
      file.write(to, bytes);
    }
  }

  /** True if the table of that index is not named by the file's L1 table yet. */
  boolean unlinked(int index) {
    return dirtyL1.contains(index);
  }

  /** L1 entries that have changed, which are regarded as written from now on. */
  Map<Integer, Long> takeDirtyL1() {
    var taken = new TreeMap<Integer, Long>();
    dirtyL1.forEach(i -> taken.put(i, l1[i]));
    dirtyL1.clear();
    return taken;
  }

  void dirtyAgain(Iterable<Integer> indices) {
    indices.forEach(dirtyL1::add);
  }

  boolean hasDirty() {
    return !dirtyL1.isEmpty() || cache.hasDirty();
  }

  /** The run of bytes of one kind that begins at {@code offset}. */
  Run run(long offset, long length) {
    long cluster = offset >>> g.clusterBits();
    long within = offset & g.clusterMask();
    Cluster first = get(cluster);
    Kind kind = kind(first, (int) (within / g.subclusterSize()));
    long host = kind == Kind.COMPRESSED || first.host() == 0 ? 0 : first.host() + within;
    long known = extent(first, kind, within);
    long most = Math.min(length, (long) MOST_CLUSTERS << g.clusterBits());
    for (long next = cluster + 1;
        known < most && within + known == (next - cluster) << g.clusterBits();
        next++) {
      long following = following(next, next - cluster, first, (most - known) >>> g.clusterBits());
      if (following > 0) {
        known += following << g.clusterBits();
        next += following - 1;
        continue;
      }
      Cluster more = kind == Kind.COMPRESSED ? first : get(next);
      boolean adjoins = more.host() == (host == 0 ? 0 : host + known);
      if (kind == Kind.COMPRESSED || kind(more, 0) != kind || !adjoins) {
        break;
      }
      known += extent(more, kind, 0);
    }
    return new Run(kind, host, Math.min(known, length), first);
  }

  /**
   * How many clusters from {@code next} on, up to {@code most}, go on where the one {@code
   * distance} before left off, so far as their entries are at hand. Most runs are of many clusters:
   * this looks at the entries as they are.
   */
  private long following(long next, long distance, Cluster first, long most) {
    if (g.extended() || first.compressed()) {
      return 0;
    }
    long step = first.host() == 0 ? 0 : g.clusterSize();
    long expected = first.entry(g) + distance * step;
    int index = l1Index(next);
    long table = table(index);
    if (table == 0) {
      long rest = (1L << g.l2Bits()) - (next & ((1L << g.l2Bits()) - 1));
      return expected == 0 ? Math.min(most, rest) : 0;
    }
    long at = l2At(table, next);
    TableCache.Piece piece = cache.get(at, index);
    long start = at - piece.offset;
    int count = (int) Math.min((piece.bytes.byteSize() - start) / Long.BYTES, most);
    if (entries.length < count) {
      entries = new long[(int) (piece.bytes.byteSize() / Long.BYTES)];
    }
    // In one step: one by one they take a tool's start, as long as this is not compiled.
    MemorySegment.copy(piece.bytes, TableCache.LONG, start, entries, 0, count);
    int i = 0;
    while (i < count && entries[i] == expected) {
      i++;
      expected += step;
    }
    return i;
  }

  static Kind kind(Cluster c, int subcluster) {
    if (c.compressed()) {
      return Kind.COMPRESSED;
    }
    if ((c.allocated() >>> subcluster & 1) != 0) {
      return Kind.DATA;
    }
    return (c.zero() >>> subcluster & 1) != 0 ? Kind.ZERO : Kind.ABSENT;
  }

  /** How far a kind reaches within one cluster. */
  private long extent(Cluster c, Kind kind, long within) {
    int sub = (int) (within / g.subclusterSize());
    int end = sub + 1;
    while (end < g.subclusters() && kind(c, end) == kind) {
      end++;
    }
    return (long) end * g.subclusterSize() - within;
  }

  /**
   * Makes room for more L1 entries, in the file and here. Where the table was stays counted: the
   * file's header names it still.
   */
  void growL1(long entries) {
    if (entries * 8 > HeaderCheck.MAX_L1_BYTES) {
      throw new BlockException(
          BlockException.Kind.TOO_LARGE, "the disk is too large for its clusters");
    }
    if (entries <= l1.length) {
      return;
    }
    long[] longer = Arrays.copyOf(l1, (int) entries);
    long offset = writeL1(longer);
    header.l1Offset = offset;
    header.l1Size = longer.length;
    l1 = longer;
  }

  /** Writes a table into new clusters. */
  long writeL1(long[] table) {
    long bytes = Math.max(8, table.length * 8L);
    long offset = refcounts.allocate(g.clusters(bytes)).offset();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = Buffers.small(arena, g.clusters(bytes) << g.clusterBits());
      for (int i = 0; i < table.length; i++) {
        out.set(TableCache.LONG, i * 8L, table[i]);
      }
      file.write(offset, out);
    }
    return offset;
  }
}
