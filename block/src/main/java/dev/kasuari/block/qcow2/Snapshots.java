package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockException.Kind;
import dev.kasuari.block.RangeLocks;
import dev.kasuari.block.Snapshot;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Internal snapshots ("Snapshots"). Whatever changes counts in many places at once has the dirty
 * bit set meanwhile, so that an image whose change was cut off is counted anew by whoever opens it;
 * what makes the change true is one sector, the header's.
 */
final class Snapshots {
  private static final int FIXED = 40;

  /** Bytes of extra data with both sizes. */
  private static final int SIZES = 16;

  private static final long MOST_TABLE_BYTES = 64L << 20;

  /** Extra data of an entry: sizes again, wider, and what others have put there. */
  static final class Extra {
    private final byte[] bytes;

    Extra(byte[] bytes) {
      this.bytes = bytes;
    }

    int length() {
      return bytes.length;
    }

    long number(int at, long otherwise) {
      return bytes.length >= at + 8 ? ByteBuffer.wrap(bytes).getLong(at) : otherwise;
    }
  }

  /**
   * An entry of the snapshot table.
   *
   * @param l1Offset where its L1 table is
   * @param extra the extra data as it is, which holds the sizes again
   */
  record Entry(
      long l1Offset,
      int l1Size,
      String id,
      String name,
      int seconds,
      int nanoseconds,
      long vmClock,
      long vmState,
      long diskSize,
      Extra extra) {
    Snapshot facts() {
      return new Snapshot(
          id, name, vmState, Integer.toUnsignedLong(seconds), nanoseconds, vmClock, icount());
    }

    private long icount() {
      return extra.number(16, -1);
    }
  }

  private final Qcow2Node image;
  private final Geometry g;
  private final List<Entry> entries;
  private long tableBytes;
  private final TreeCount tree;

  Snapshots(Qcow2Node image) {
    this.image = image;
    g = image.g;
    tree = new TreeCount(image);
    entries = new ArrayList<>(Tables.read("Failed to read snapshot table", this::read));
    tableBytes = encodedBytes();
  }

  List<Entry> entries() {
    return List.copyOf(entries);
  }

  private List<Entry> read() {
    var out = new ArrayList<Entry>();
    long at = image.header.snapshotsOffset;
    try (Arena arena = Arena.ofConfined()) {
      for (int i = 0; i < image.header.snapshotCount; i++) {
        MemorySegment fixed = arena.allocate(FIXED);
        image.file.read(at, fixed);
        ByteBuffer in = fixed.asByteBuffer().order(ByteOrder.BIG_ENDIAN);
        int idSize = Short.toUnsignedInt(in.getShort(12));
        int nameSize = Short.toUnsignedInt(in.getShort(14));
        int extraSize = in.getInt(36);
        if (extraSize < 0 || extraSize > 1024) {
          throw BlockException.invalid("Too much extra metadata in snapshot table entry " + i);
        }
        MemorySegment rest = arena.allocate((long) extraSize + idSize + nameSize + 1);
        image.file.read(at + FIXED, rest);
        out.add(decode(in, rest.asByteBuffer(), extraSize, idSize, nameSize));
        at += FIXED + ((extraSize + idSize + nameSize + 7L) & -8L);
        if (at - image.header.snapshotsOffset > MOST_TABLE_BYTES) {
          throw BlockException.invalid("Snapshot table is too big");
        }
      }
    }
    return out;
  }

  private Entry decode(ByteBuffer in, ByteBuffer rest, int extraSize, int idSize, int nameSize) {
    byte[] extra = new byte[extraSize];
    rest.get(0, extra);
    Extra sizes = new Extra(extra);
    byte[] id = new byte[idSize];
    rest.get(extraSize, id);
    byte[] name = new byte[nameSize];
    rest.get(extraSize + idSize, name);
    return new Entry(
        in.getLong(0),
        in.getInt(8),
        new String(id, StandardCharsets.UTF_8),
        new String(name, StandardCharsets.UTF_8),
        in.getInt(16),
        in.getInt(20),
        in.getLong(24),
        sizes.number(0, Integer.toUnsignedLong(in.getInt(32))),
        sizes.number(8, image.header.size),
        sizes);
  }

  private byte[] encoded(List<Entry> all) {
    int size = 0;
    for (Entry e : all) {
      size += FIXED + ((e.extra.length() + bytes(e.id).length + bytes(e.name).length + 7) & -8);
    }
    ByteBuffer out = ByteBuffer.allocate(Math.max(size, 1));
    int at = 0;
    for (Entry e : all) {
      byte[] id = bytes(e.id);
      byte[] name = bytes(e.name);
      out.putLong(at, e.l1Offset);
      out.putInt(at + 8, e.l1Size);
      out.putShort(at + 12, (short) id.length);
      out.putShort(at + 14, (short) name.length);
      out.putInt(at + 16, e.seconds);
      out.putInt(at + 20, e.nanoseconds);
      out.putLong(at + 24, e.vmClock);
      out.putInt(at + 32, (int) Math.min(e.vmState, 0xffff_ffffL));
      out.putInt(at + 36, e.extra.length());
      out.put(at + FIXED, e.extra.bytes);
      out.put(at + FIXED + e.extra.length(), id);
      out.put(at + FIXED + e.extra.length() + id.length, name);
      at += FIXED + ((e.extra.length() + id.length + name.length + 7) & -8);
    }
    return out.array();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The snapshot of that id, else of that name, else null. */
  @Nullable Entry find(String idOrName) {
    for (Entry entry : entries) {
      if (entry.id.equals(idOrName)) {
        return entry;
      }
    }
    for (Entry entry : entries) {
      if (entry.name.equals(idOrName)) {
        return entry;
      }
    }
    return null;
  }

  private Entry named(String idOrName) {
    Entry found = find(idOrName);
    if (found == null) {
      throw new BlockException(Kind.NOT_FOUND, "snapshot not found");
    }
    return found;
  }

  /** Keeps the disk as it is now under a name. */
  void create(String name, long seconds, int nanoseconds) {
    int id = 1;
    for (Entry entry : entries) {
      id = Math.max(id, number(entry.id) + 1);
    }
    String newId = Integer.toString(id);
    exclusively(() -> {
      long[] l1 = image.map.l1().clone();
      tree.refuseCount(l1, 1);
      unflagOld();
      tree.count(l1, 1);
      long offset = image.map.writeL1(plain(l1));
      ByteBuffer extra = ByteBuffer.allocate(24);
      extra.putLong(8, image.header.size);
      Entry entry =
          new Entry(
              offset,
              l1.length,
              newId,
              name,
              (int) seconds,
              nanoseconds,
              0,
              0,
              image.header.size,
              new Extra(extra.array()));
      var all = new ArrayList<>(entries);
      all.add(entry);
      replaceTable(all);
      flagActive();
    });
  }

  private static int number(String id) {
    return id.matches("[0-9]{1,9}") ? Integer.parseInt(id) : 0;
  }

  /** In L1 tables of snapshots nothing is copied. */
  private static long[] plain(long[] l1) {
    long[] out = l1.clone();
    for (int i = 0; i < out.length; i++) {
      out[i] &= ~Geometry.COPIED;
    }
    return out;
  }

  /** Forgets a snapshot. */
  void delete(String idOrName) {
    Entry entry = named(idOrName);
    exclusively(() -> {
      long[] l1 = table(entry);
      tree.refuseCount(l1, -1);
      var all = new ArrayList<>(entries);
      all.remove(entry);
      replaceTable(all);
      tree.count(l1, -1);
      image.refcounts.release(
          entry.l1Offset, Math.max(8, entry.l1Size * 8L), Discards.Reason.SNAPSHOT);
      flagActive();
    });
  }

  /** Makes the disk what it was. */
  void apply(String idOrName) {
    Entry entry = named(idOrName);
    if (entry.diskSize != image.header.size && image.header.version == 2) {
      throw BlockException.notSupported("Can't apply a snapshot of another size to a v2 image");
    }
    exclusively(() -> {
      long[] l1 = table(entry);
      long[] old = image.map.l1().clone();
      long oldOffset = image.header.l1Offset;
      long oldBytes = Math.max(8, image.header.l1Size * 8L);
      tree.refuseCount(l1, 1);
      tree.count(l1, 1);
      int needed = (int) Math.max(l1.length, g.l1Entries(entry.diskSize));
      long[] active = java.util.Arrays.copyOf(plain(l1), needed);
      long offset = image.map.writeL1(active);
      settle();
      image.header.l1Offset = offset;
      image.header.l1Size = active.length;
      image.header.size = entry.diskSize;
      image.header.writeFixed(image.file);
      image.file.flush();
      image.map.replaceL1(active);
      tree.count(old, -1);
      image.refcounts.release(oldOffset, oldBytes);
      flagActive();
    });
  }

  /** Makes the disk in memory what it was; the file stays as it is. */
  void show(String id) {
    Entry entry = named(id);
    long[] l1 = table(entry);
    image.locked(() -> {
      image.map.replaceL1(l1);
      image.header.size = entry.diskSize;
      return true;
    });
  }

  /** The L1 table of a snapshot. */
  long[] table(Entry entry) {
    if (entry.l1Size == 0) {
      return new long[0];
    }
    if (entry.l1Size < 0 || entry.l1Size * 8L > HeaderCheck.MAX_L1_BYTES) {
      throw BlockException.corrupt("Snapshot L1 table too large");
    }
    if ((entry.l1Offset & g.clusterMask()) != 0) {
      throw BlockException.corrupt("Snapshot L1 table offset invalid");
    }
    return Tables.longs(image.file, entry.l1Offset, entry.l1Size);
  }

  /**
   * Nobody reads or writes the disk; all is in the file; counts may be wrong if this is cut off.
   */
  private void exclusively(Runnable work) {
    RangeLocks.Range all = image.ranges.hold(0, Long.MAX_VALUE, true);
    try {
      image.commit.alone(() -> {
        settle();
        image.locked(() -> {
          settle(); // what the first one freed
          image.commit.setDirty(true);
          work.run();
          settle();
          image.commit.setDirty(false);
          return true;
        });
      });
    } finally {
      image.ranges.release(all);
    }
  }

  /** Which entries lack the sizes in their extra data that version 3 asks for ("Snapshots"). */
  List<Integer> incomplete() {
    var out = new ArrayList<Integer>();
    for (int i = 0; i < entries.size(); i++) {
      if (image.header.version >= 3 && entries.get(i).extra.length() < SIZES) {
        out.add(i);
      }
    }
    return out;
  }

  /** Writes the table anew, each entry with its sizes; counts are true already. */
  void complete() {
    var all = new ArrayList<Entry>();
    for (Entry e : entries) {
      byte[] extra = java.util.Arrays.copyOf(e.extra.bytes, Math.max(SIZES, e.extra.length()));
      if (e.extra.length() < SIZES) {
        ByteBuffer.wrap(extra).putLong(0, e.vmState).putLong(8, e.diskSize);
      }
      all.add(
          new Entry(
              e.l1Offset,
              e.l1Size,
              e.id,
              e.name,
              e.seconds,
              e.nanoseconds,
              e.vmClock,
              e.vmState,
              e.diskSize,
              new Extra(extra)));
    }
    replaceTable(all);
    settle();
  }

  /** Brings what is in memory to the file. */
  private void settle() {
    image.commit.settle();
  }

  /**
   * Version 2 has no bit that says that counts may be wrong. There, nothing may be written in place
   * from before a snapshot uses it; a cut then leaves flags that are too careful.
   */
  private void unflagOld() {
    if (image.header.version != 2) {
      return;
    }
    long[] l1 = image.map.l1();
    for (int i = 0; i < l1.length; i++) {
      l1[i] &= ~Geometry.COPIED;
      if (l1[i] != 0) {
        image.map.cache().forgetUnpinned(l1[i] & Geometry.OFFSET_MASK, g.clusterSize());
        Tables.flag(image.file, g, l1[i] & Geometry.OFFSET_MASK, cluster -> false);
      }
    }
    Tables.writeL1(image.file, image.header.l1Offset, l1);
    image.file.flush();
  }

  /** Sets the flags that say what may be written in place, by the counts as they are now. */
  void flagActive() {
    long[] l1 = image.map.l1();
    boolean changed = false;
    for (int i = 0; i < l1.length; i++) {
      long table = l1[i] & Geometry.OFFSET_MASK;
      if (table == 0) {
        continue;
      }
      if ((table & g.clusterMask()) == 0 && table <= image.file.size() - g.clusterSize()) {
        image.map.cache().forgetUnpinned(table, g.clusterSize());
        Tables.flag(image.file, g, table, cluster -> image.refcounts.get(cluster) == 1);
      }
      boolean own = image.refcounts.get(table >>> g.clusterBits()) == 1;
      long entry = (l1[i] & ~Geometry.COPIED) | (own ? Geometry.COPIED : 0);
      changed |= entry != l1[i];
      l1[i] = entry;
    }
    if (changed) {
      Tables.writeL1(image.file, image.header.l1Offset, l1);
    }
  }

  /** Bytes of the table in the file. */
  long tableBytes() {
    return tableBytes;
  }

  private long encodedBytes() {
    return entries.isEmpty() ? 0 : encoded(entries).length;
  }

  /** Writes another table of snapshots, and makes it the one. */
  private void replaceTable(List<Entry> all) {
    long oldOffset = image.header.snapshotsOffset;
    long oldBytes = image.header.snapshotCount == 0 ? 0 : encoded(entries).length;
    long offset = 0;
    if (!all.isEmpty()) {
      byte[] table = encoded(all);
      offset = image.refcounts.allocate(g.clusters(table.length)).offset();
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment out = arena.allocate(table.length);
        out.copyFrom(MemorySegment.ofArray(table));
        image.file.write(offset, out);
      }
    }
    settle();
    image.header.snapshotsOffset = offset;
    image.header.snapshotCount = all.size();
    image.header.writeFixed(image.file);
    image.file.flush();
    entries.clear();
    entries.addAll(all);
    tableBytes = encodedBytes();
    if (oldBytes > 0) {
      image.refcounts.release(oldOffset, oldBytes);
    }
  }
}
