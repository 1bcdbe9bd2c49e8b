package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The bitmap directory of an image ("Bitmaps extension", "Bitmap directory"). */
final class BitmapDirectory {
  /** So many bitmaps, at most. */
  static final int MOST = 65535;

  private static final int EXTENSION_LENGTH = 24;
  private static final int FIXED = 24;
  private static final long MOST_BYTES = 64L << 20;
  private static final int DIRTY_TRACKING = 1;

  static final int IN_USE = 1;
  static final int AUTO = 2;
  private static final int EXTRA_COMPATIBLE = 4;

  private BitmapDirectory() {}

  /**
   * An entry.
   *
   * @param table the file offset of its table
   * @param entries of the table, one for each cluster of bits
   */
  record Entry(long table, int entries, int flags, int granularityBits, String name) {
    boolean inUse() {
      return (flags & IN_USE) != 0;
    }

    boolean auto() {
      return (flags & AUTO) != 0;
    }

    Entry withFlags(int value) {
      return new Entry(table, entries, value, granularityBits, name);
    }

    int size() {
      return FIXED + bytes().length + 7 & -8;
    }

    private byte[] bytes() {
      return name.getBytes(StandardCharsets.UTF_8);
    }
  }

  /** Where a directory is. */
  record Place(int count, long size, long offset) {
    byte[] extension() {
      return ByteBuffer.allocate(EXTENSION_LENGTH)
          .putInt(count)
          .putInt(0)
          .putLong(size)
          .putLong(offset)
          .array();
    }
  }

  /**
   * What the header says, or none of it if it does not hold.
   *
   * @throws BlockException if it makes no sense
   */
  static Place place(Header header) {
    Header.Extension extension = header.extension(Header.EXTENSION_BITMAPS);
    if (extension == null || (header.autoclear & Header.BITMAPS) == 0) {
      return new Place(0, 0, 0);
    }
    if (extension.data().length != EXTENSION_LENGTH) {
      throw BlockException.invalid("bitmaps_ext: Invalid extension length");
    }
    ByteBuffer in = ByteBuffer.wrap(extension.data());
    var place = new Place(in.getInt(0), in.getLong(8), in.getLong(16));
    if (in.getInt(4) != 0) {
      throw BlockException.invalid("bitmaps_ext: Reserved field is not zero");
    }
    if (place.count == 0) {
      throw BlockException.invalid("bitmaps_ext: found bitmaps extension with zero bitmaps");
    }
    if (place.count < 0 || place.count > MOST) {
      throw BlockException.invalid(
          "bitmaps_ext: image has %d bitmaps, exceeding the QEMU supported maximum of 65535"
              .formatted(Integer.toUnsignedLong(place.count)));
    }
    if (place.offset <= 0 || (place.offset & header.geometry().clusterMask()) != 0) {
      throw BlockException.invalid("bitmaps_ext: invalid bitmap directory offset");
    }
    if (place.size < (long) FIXED * place.count || place.size > MOST_BYTES) {
      throw BlockException.invalid(
          "bitmaps_ext: bitmap directory size (%d) is impossible".formatted(place.size));
    }
    return place;
  }

  /** Reads the entries. */
  static List<Entry> read(BlockNode file, Geometry g, Place place) {
    var out = new ArrayList<Entry>();
    if (place.count == 0) {
      return out;
    }
    if (place.offset > file.size() - place.size) {
      throw BlockException.corrupt("the bitmap directory is behind the end of the file");
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(place.size);
      file.read(place.offset, bytes);
      ByteBuffer in = bytes.asByteBuffer().order(ByteOrder.BIG_ENDIAN);
      int at = 0;
      for (int i = 0; i < place.count; i++) {
        at += entry(in, at, g, out);
      }
      if (at != place.size) {
        throw bad("has another size than it says");
      }
    }
    return out;
  }

  private static int entry(ByteBuffer in, int at, Geometry g, List<Entry> out) {
    if (at + FIXED > in.limit()) {
      throw bad("ends within an entry");
    }
    int nameSize = Short.toUnsignedInt(in.getShort(at + 18));
    long extra = Integer.toUnsignedLong(in.getInt(at + 20));
    long size = FIXED + extra + nameSize + 7 & -8;
    if (size > in.limit() - at) {
      throw bad("ends within an entry");
    }
    byte[] name = new byte[nameSize];
    in.get(at + FIXED + (int) extra, name);
    int flags = in.getInt(at + 12);
    var entry =
        new Entry(
            in.getLong(at),
            in.getInt(at + 8),
            flags,
            in.get(at + 17) & 0xff,
            new String(name, StandardCharsets.UTF_8));
    boolean nonsense =
        in.get(at + 16) != DIRTY_TRACKING
            || extra != 0
            || (flags & ~(IN_USE | AUTO | EXTRA_COMPATIBLE)) != 0
            || nameSize == 0
            || nameSize > 1023
            || entry.granularityBits < 9
            || entry.granularityBits > 31
            || entry.entries <= 0
            || entry.entries > 1 << 27
            || entry.table <= 0
            || (entry.table & g.clusterMask()) != 0;
    if (nonsense || out.stream().anyMatch(e -> e.name.equals(entry.name))) {
      throw bad("has an entry '" + entry.name + "' that makes no sense");
    }
    out.add(entry);
    return (int) size;
  }

  private static BlockException bad(String what) {
    return BlockException.invalid("the bitmap directory " + what);
  }

  static byte[] encode(List<Entry> entries) {
    ByteBuffer out = ByteBuffer.allocate(entries.stream().mapToInt(Entry::size).sum());
    int at = 0;
    for (Entry e : entries) {
      byte[] name = e.bytes();
      out.putLong(at, e.table);
      out.putInt(at + 8, e.entries);
      out.putInt(at + 12, e.flags);
      out.put(at + 16, (byte) DIRTY_TRACKING);
      out.put(at + 17, (byte) e.granularityBits);
      out.putShort(at + 18, (short) name.length);
      out.put(at + FIXED, name);
      at += e.size();
    }
    return out.array();
  }
}
