package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.bitmap.Bits;
import dev.kasuari.block.bitmap.DirtyBitmap;
import dev.kasuari.block.qcow2.BitmapDirectory.Entry;
import dev.kasuari.qapi.Json;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The bitmaps that an image keeps. While it is open for writing they are marked as in use in the
 * file, so that whoever opens it after a cut knows that they miss something; at the end those that
 * have changed are written anew, and the first sector names another directory.
 */
final class StoredBitmaps {
  /** The table's entry of a cluster whose bits are all set. */
  private static final long ALL_ONES = 1;

  /** The most bytes of one bitmap. */
  static final long MOST_BYTES = 512L << 20;

  private final Qcow2Node image;
  private final Geometry g;

  /** As they are in the file. */
  private List<Entry> directory = List.of();

  StoredBitmaps(Qcow2Node image) {
    this.image = image;
    g = image.g;
  }

  /** Gives the node its bitmaps, and says in the file that they are in use. */
  void load() {
    BitmapDirectory.Place place = BitmapDirectory.place(image.header);
    directory = BitmapDirectory.read(image.file, g, place);
    for (Entry entry : directory) {
      var bitmap =
          image
              .bitmaps()
              .addStored(
                  entry.name(), 1 << entry.granularityBits(), entry.inUse(), image.header.size);
      if (!entry.inUse()) {
        load(entry, bitmap);
        bitmap.enable(entry.auto());
        bitmap.stored();
      }
    }
    if (image.writable() && directory.stream().anyMatch(e -> !e.inUse())) {
      // Each entry's flags are within a sector; nothing has been written to the disk yet.
      write(place.offset(), directory.stream().map(e -> e.withFlags(e.flags() | 1)).toList());
      image.file.flush();
    }
  }

  /** As {@link #load}, where the image is open otherwise than it was: the file knows them. */
  void reload() {
    image.bitmaps().persistent().forEach(bitmap -> image.bitmaps().remove(bitmap.name()));
    load();
  }

  private void write(long offset, List<Entry> entries) {
    byte[] bytes = BitmapDirectory.encode(entries);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(bytes.length);
      out.copyFrom(MemorySegment.ofArray(bytes));
      image.file.write(offset, out);
    }
  }

  private void load(Entry entry, DirtyBitmap bitmap) {
    long perCluster = g.clusterSize() * 8L;
    Bits bits = bitmap.bits();
    long needed = (bits.length() + perCluster - 1) / perCluster;
    boolean tooMany = (long) entry.entries() << g.clusterBits() > MOST_BYTES;
    if (entry.entries() < needed || (tooMany && entry.entries() > 1)) {
      throw BlockException.invalid(
          "the bitmap '" + entry.name() + "' has another size than the disk");
    }
    byte[] cluster = new byte[g.clusterSize()];
    long[] table = Tables.longs(image.file, entry.table(), (int) needed);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(g.clusterSize());
      for (int i = 0; i < table.length; i++) {
        long first = i * perCluster;
        long data = data(table[i], entry);
        if (data != 0) {
          image.file.read(data, bytes);
          MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, 0, cluster, 0, cluster.length);
          bits.load(first, cluster);
        } else if (table[i] == ALL_ONES) {
          bits.set(first, Math.min(bits.length(), first + perCluster));
        }
      }
    }
  }

  private long data(long entry, Entry of) {
    long data = entry & Geometry.OFFSET_MASK;
    boolean nonsense =
        (entry & ~(Geometry.OFFSET_MASK | ALL_ONES)) != 0
            || (data != 0 && entry != data)
            || (data & g.clusterMask()) != 0;
    if (nonsense) {
      throw BlockException.invalid("the table of the bitmap '" + of.name() + "' makes no sense");
    }
    return data;
  }

  /** Brings to the file what the node has now. */
  void store() {
    List<DirtyBitmap> now = image.bitmaps().persistent();
    if (now.isEmpty() && directory.isEmpty()) {
      return;
    }
    image.commit.flush(); // what the bits speak of
    if (unchanged(now)) {
      BitmapDirectory.Place place = BitmapDirectory.place(image.header);
      write(place.offset(), directory);
      image.file.flush();
      return;
    }
    image.commit.alone(() ->
        image.locked(() -> {
          replace(now);
          return true;
        }));
  }

  private boolean unchanged(List<DirtyBitmap> now) {
    if (now.size() != directory.size()) {
      return false;
    }
    for (int i = 0; i < now.size(); i++) {
      if (now.get(i).changed() || !now.get(i).name().equals(directory.get(i).name())) {
        return false;
      }
    }
    return true;
  }

  private void replace(List<DirtyBitmap> now) {
    BitmapDirectory.Place old = BitmapDirectory.place(image.header);
    var next = new ArrayList<Entry>();
    var gone = new ArrayList<>(directory);
    for (DirtyBitmap bitmap : now) {
      Entry there = find(bitmap.name());
      if (there != null && !bitmap.changed()) {
        gone.remove(there);
        next.add(there);
      } else {
        next.add(written(bitmap));
      }
    }
    long offset = 0;
    long size = next.stream().mapToLong(Entry::size).sum();
    if (!next.isEmpty()) {
      offset = image.refcounts.allocate(g.clusters(size)).offset();
      write(offset, next);
    }
    image.commit.settle();
    var place = new BitmapDirectory.Place(next.size(), size, offset);
    image.header.setExtensionBytes(
        Header.EXTENSION_BITMAPS, next.isEmpty() ? null : place.extension());
    image.header.autoclear =
        next.isEmpty()
            ? image.header.autoclear & ~Header.BITMAPS
            : image.header.autoclear | Header.BITMAPS;
    image.header.update(image.file);
    directory = List.copyOf(next);
    now.forEach(DirtyBitmap::stored);
    gone.forEach(this::free);
    if (old.size() > 0) {
      image.refcounts.release(old.offset(), old.size());
    }
    image.commit.settle();
  }

  private @Nullable Entry find(String name) {
    return directory.stream().filter(e -> e.name().equals(name)).findFirst().orElse(null);
  }

  private Entry written(DirtyBitmap bitmap) {
    Bits bits = bitmap.bits();
    long perCluster = g.clusterSize() * 8L;
    int entries = (int) Math.max(1, (bits.length() + perCluster - 1) / perCluster);
    long[] table = new long[entries];
    byte[] cluster = new byte[g.clusterSize()];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(g.clusterSize());
      for (int i = 0; i < entries; i++) {
        long first = i * perCluster;
        long end = Math.min(bits.length(), first + perCluster);
        if (bits.next(first, true) >= end) {
          continue;
        }
        if (bits.next(first, false) >= end) {
          table[i] = ALL_ONES;
          continue;
        }
        bits.store(first, cluster);
        MemorySegment.copy(cluster, 0, bytes, ValueLayout.JAVA_BYTE, 0, cluster.length);
        table[i] = image.refcounts.allocate(1).offset();
        image.file.write(table[i], bytes);
        if (image.refcounts.cache().full()) {
          image.commit.settle();
        }
      }
    }
    int granularity = Integer.numberOfTrailingZeros(bitmap.granularity());
    int flags = bitmap.enabled() ? BitmapDirectory.AUTO : 0;
    return new Entry(image.map.writeL1(table), entries, flags, granularity, bitmap.name());
  }

  private void free(Entry entry) {
    for (long one : Tables.longs(image.file, entry.table(), entry.entries())) {
      long data = one & Geometry.OFFSET_MASK;
      if (data != 0) {
        image.refcounts.release(data, g.clusterSize());
      }
    }
    image.refcounts.release(entry.table(), entry.entries() * 8L);
  }

  /** Bytes that the bitmaps of a node would take in an image with clusters of that size. */
  static long room(BlockNode node, int clusterSize) {
    long sum = 0;
    long names = 0;
    for (DirtyBitmap bitmap : node.bitmaps().persistent()) {
      long bits = (node.size() + bitmap.granularity() - 1) / bitmap.granularity();
      long clusters = ((bits + 7) / 8 + clusterSize - 1) / clusterSize;
      sum += clusters * clusterSize + up(clusters * 8, clusterSize);
      names += new Entry(0, 0, 0, 0, bitmap.name()).size();
    }
    return sum + up(names, clusterSize);
  }

  private static long up(long bytes, int unit) {
    return (bytes + unit - 1) / unit * unit;
  }

  /** What {@code info} says of them; null if there are none. */
  static @Nullable Json describe(Qcow2Node image) {
    if ((image.header.autoclear & Header.BITMAPS) == 0) {
      return null;
    }
    List<Entry> entries = image.storedBitmaps().directory;
    if (entries.isEmpty()) {
      return null;
    }
    var out = new ArrayList<Json>();
    for (Entry entry : entries) {
      var flags = new ArrayList<Json>();
      if (entry.inUse()) {
        flags.add(new Json.Text("in-use"));
      }
      if (entry.auto()) {
        flags.add(new Json.Text("auto"));
      }
      var one = new LinkedHashMap<String, Json>();
      one.put("flags", new Json.Array(List.copyOf(flags)));
      one.put("name", new Json.Text(entry.name()));
      one.put("granularity", Json.Num.of(1L << entry.granularityBits()));
      out.add(new Json.Members(one));
    }
    return new Json.Array(out);
  }
}
