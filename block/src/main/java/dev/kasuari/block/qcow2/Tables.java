package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Buffers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongPredicate;
import java.util.function.Supplier;

/** Goes through tables in the file, past the caches: for what looks at all of an image. */
final class Tables {
  private Tables() {}

  /**
   * Reads something.
   *
   * @param attempt what is said before if that fails
   */
  static <T> T read(String attempt, Supplier<T> body) {
    try {
      return body.get();
    } catch (BlockException e) {
      throw e.kind() == BlockException.Kind.IO_ERROR ? e.in(attempt) : e;
    }
  }

  /** Hears an entry that is not empty. */
  interface Visitor {
    /** An entry by its index. */
    void visit(int index, Cluster cluster);
  }

  /** Numbers of 64 bits, as an L1 table and the table of blocks of counts have them. */
  static long[] longs(BlockNode file, long offset, int entries) {
    long[] read = new long[entries];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = Buffers.small(arena, Math.max(8, entries * 8L));
      file.read(offset, bytes);
      // One by one it would take most of the time of a tool that only looks (bench --images: info).
      MemorySegment.copy(bytes, TableCache.LONG, 0, read, 0, entries);
    }
    return read;
  }

  /** Hears an entry as it is in the file. */
  interface RawVisitor {
    /** Where it is, its first 64 bits, and the second or 0. */
    void visit(long at, long entry, long bitmap);
  }

  /** All entries of an L2 table that are not empty. */
  static void forEach(BlockNode file, Geometry g, long table, Visitor visitor) {
    forEach(file, g, table, entry -> false, visitor);
  }

  /** The same, without those that {@code done} has done with. */
  static void forEach(BlockNode file, Geometry g, long table, LongPredicate done, Visitor visitor) {
    forEachRaw(
        file,
        g,
        table,
        done,
        (at, entry, bitmap) ->
            visitor.visit((int) ((at - table) / g.entrySize()), Cluster.decode(g, entry, bitmap)));
  }

  /**
   * All entries of an L2 table of which a bit is set.
   *
   * @param done is given their first 64 bits, and says that no more is to be done with these
   */
  static void forEachRaw(
      BlockNode file, Geometry g, long table, LongPredicate done, RawVisitor visitor) {
    int words = g.entrySize() / Long.BYTES;
    long[] entries = longs(file, table, words << g.l2Bits());
    for (int i = 0; i < entries.length; i += words) {
      long bitmap = g.extended() ? entries[i + 1] : 0;
      if ((entries[i] | bitmap) != 0 && !done.test(entries[i])) {
        visitor.visit(table + i * 8L, entries[i], bitmap);
      }
    }
  }

  static Cluster decode(Geometry g, MemorySegment table, int index) {
    long at = (long) index * g.entrySize();
    return Cluster.decode(g, Header.bigEndian(table, at), bitmap(g, table, at));
  }

  private static long bitmap(Geometry g, MemorySegment table, long at) {
    return g.extended() ? Header.bigEndian(table, at + 8) : 0;
  }

  /** Sets the flags of a table's entries that say whose host clusters are used only once. */
  static void flag(BlockNode file, Geometry g, long table, LongPredicate usedOnce) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = Buffers.small(arena, g.clusterSize());
      file.read(table, bytes);
      boolean changed = false;
      for (int i = 0; i < 1 << g.l2Bits(); i++) {
        Cluster cluster = decode(g, bytes, i);
        if (!cluster.compressed() && cluster.host() != 0 && !cluster.external()) {
          boolean own = usedOnce.test(cluster.host() >>> g.clusterBits());
          if (own != cluster.copied()) {
            bytes.set(TableCache.LONG, (long) i * g.entrySize(), cluster.withCopied(own).entry(g));
            changed = true;
          }
        }
      }
      if (changed) {
        file.write(table, bytes);
      }
    }
  }

  static void writeL1(BlockNode file, long offset, long[] l1) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = Buffers.small(arena, Math.max(8, l1.length * 8L));
      for (int i = 0; i < l1.length; i++) {
        bytes.set(TableCache.LONG, i * 8L, l1[i]);
      }
      file.write(offset, bytes);
    }
  }
}
