package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Buffers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The first cluster of an image ("Header", "Header extensions"). All fields that change while an
 * image is open are in its first 112 bytes, so that a change of any of them is a change of one
 * sector: it is there or it is not.
 */
final class Header {
  static final int MAGIC = 0x5146_49fb;
  private static final int V2_LENGTH = 72;
  private static final int V3_LENGTH = 104;
  private static final int LENGTH = 112;

  static final long DIRTY = 1;
  static final long CORRUPT = 2;
  static final long EXTERNAL_DATA = 4;
  static final long COMPRESSION_TYPE = 8;
  static final long EXTENDED_L2 = 16;
  static final long LAZY_REFCOUNTS = 1;
  static final long BITMAPS = 1;
  static final long RAW_EXTERNAL = 2;

  static final int EXTENSION_BACKING_FORMAT = 0xe279_2aca;
  static final int EXTENSION_FEATURES = 0x6803_f857;
  static final int EXTENSION_BITMAPS = 0x2385_2875;
  static final int EXTENSION_ENCRYPTION = 0x0537_be77;
  static final int EXTENSION_DATA_FILE = 0x4441_5441;

  static final int MAX_BACKING_NAME = 1023;

  /** A header extension, padding excluded. */
  static final class Extension {
    private final int type;
    private final byte[] data;

    Extension(int type, byte[] data) {
      this.type = type;
      this.data = data;
    }

    int type() {
      return type;
    }

    byte[] data() {
      return data;
    }

    String text() {
      return new String(data, StandardCharsets.UTF_8);
    }
  }

  int version = 3;
  int clusterBits = 16;
  long size;
  int cryptMethod;
  int l1Size;
  long l1Offset;
  long refcountTableOffset;
  int refcountTableClusters;
  int snapshotCount;
  long snapshotsOffset;
  long incompatible;
  long compatible;
  long autoclear;
  int refcountOrder = 4;
  int compressionType;

  /** Fields behind those that are known, which are kept ("Additional fields"). */
  byte[] more = new byte[0];

  final List<Extension> extensions = new ArrayList<>();
  @Nullable String backingFile;

  Geometry geometry() {
    return new Geometry(clusterBits, has(EXTENDED_L2), refcountOrder, has(EXTERNAL_DATA));
  }

  boolean has(long incompatibleFeature) {
    return (incompatible & incompatibleFeature) != 0;
  }

  @Nullable Extension extension(int type) {
    for (Extension extension : extensions) { // every write asks
      if (extension.type() == type) {
        return extension;
      }
    }
    return null;
  }

  void setExtension(int type, @Nullable String text) {
    setExtensionBytes(type, text == null ? null : text.getBytes(StandardCharsets.UTF_8));
  }

  /** Puts an extension first, where it is in the first sector; or takes it away. */
  void setExtensionBytes(int type, byte @Nullable [] data) {
    extensions.removeIf(e -> e.type() == type);
    if (data != null) {
      extensions.addFirst(new Extension(type, data));
    }
  }

  /** The name of the file in which guest bytes are, if the image says it. */
  @Nullable String dataFile() {
    Extension name = extension(EXTENSION_DATA_FILE);
    return name == null ? null : name.text();
  }

  @Nullable String backingFormat() {
    Extension format = extension(EXTENSION_BACKING_FORMAT);
    return format == null ? null : format.text();
  }

  /**
   * Reads and checks a header, as far as it can be told from itself and the file's size.
   *
   * @throws BlockException naming what is wrong
   */
  static Header read(BlockNode file) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment first = arena.allocate(LENGTH);
      file.read(0, first);
      ByteBuffer in = first.asByteBuffer().order(ByteOrder.BIG_ENDIAN);
      if (in.getInt(0) != MAGIC) {
        throw BlockException.invalid("Image is not in qcow2 format");
      }
      Header header = new Header();
      int length = header.readFixed(in);
      HeaderCheck.refuseNonsense(header, length);
      long whole = Math.min(header.geometry().clusterSize(), file.size());
      MemorySegment cluster = Buffers.small(arena, Math.max(whole, LENGTH));
      file.read(0, cluster);
      header.readRest(cluster.asByteBuffer().order(ByteOrder.BIG_ENDIAN), length);
      HeaderCheck.refuseUnknownFeatures(header);
      return header;
    }
  }

  private long backingOffset;
  private int backingSize;

  private int readFixed(ByteBuffer in) {
    version = in.getInt(4);
    backingOffset = in.getLong(8);
    backingSize = in.getInt(16);
    clusterBits = in.getInt(20);
    size = in.getLong(24);
    cryptMethod = in.getInt(32);
    l1Size = in.getInt(36);
    l1Offset = in.getLong(40);
    refcountTableOffset = in.getLong(48);
    refcountTableClusters = in.getInt(56);
    snapshotCount = in.getInt(60);
    snapshotsOffset = in.getLong(64);
    if (version != 3) {
      return V2_LENGTH;
    }
    incompatible = in.getLong(72);
    compatible = in.getLong(80);
    autoclear = in.getLong(88);
    refcountOrder = in.getInt(96);
    int length = in.getInt(100);
    compressionType = length > V3_LENGTH ? in.get(104) & 0xff : 0;
    return length;
  }

  private void readRest(ByteBuffer in, int length) {
    if (length > in.limit()) {
      throw BlockException.invalid("a header of " + length + " bytes in a shorter file");
    }
    if (length > LENGTH) {
      more = new byte[length - LENGTH];
      in.get(LENGTH, more);
    }
    int at = length;
    int end = backingOffset != 0 ? (int) Math.min(backingOffset, in.limit()) : in.limit();
    while (at + 8 <= end && in.getInt(at) != 0) {
      int type = in.getInt(at);
      int bytes = in.getInt(at + 4);
      if (bytes < 0 || bytes > end - at - 8) {
        throw BlockException.invalid("Header extension too large");
      }
      byte[] data = new byte[bytes];
      in.get(at + 8, data);
      extensions.add(new Extension(type, data));
      at += 8 + (bytes + 7 & -8);
    }
    if (backingOffset != 0) {
      readBackingFile(in);
    }
  }

  private void readBackingFile(ByteBuffer in) {
    int most = Math.min(MAX_BACKING_NAME, clusterSize() - (version == 2 ? V2_LENGTH : V3_LENGTH));
    if (backingSize < 0 || backingSize > most) {
      throw BlockException.invalid("Backing file name too long");
    }
    if (backingOffset < 0 || backingOffset > in.limit() - backingSize) {
      throw BlockException.invalid("Invalid backing file offset");
    }
    byte[] name = new byte[backingSize];
    in.get((int) backingOffset, name);
    backingFile = new String(name, StandardCharsets.UTF_8);
  }

  private int clusterSize() {
    return 1 << clusterBits;
  }

  /** The first sector's fields alone. */
  void writeFixed(BlockNode file) {
    try (Arena arena = Arena.ofConfined()) {
      int length = version == 2 ? V2_LENGTH : LENGTH;
      MemorySegment out = arena.allocate(length);
      // The name does not move, so neither do the fields that say where it is.
      putFixed(out.asByteBuffer().order(ByteOrder.BIG_ENDIAN), backingOffset, backingSize);
      boolean shorter = version == 3 && headerLength < LENGTH;
      file.write(0, shorter ? out.asSlice(0, headerLength) : out);
    }
  }

  private int headerLength = LENGTH;

  void setHeaderLength(int length) {
    headerLength = length;
  }

  /**
   * The whole first cluster: fields, extensions, backing file's name.
   *
   * @throws BlockException if they do not fit
   */
  void writeWhole(BlockNode file) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = Buffers.small(arena, clusterSize());
      encode(out.asByteBuffer().order(ByteOrder.BIG_ENDIAN));
      file.write(0, out);
    }
  }

  private void encode(ByteBuffer out) {
    int at = putExtensions(out);
    byte[] name = name();
    if (name.length > Math.min(MAX_BACKING_NAME, out.limit() - at)) {
      throw BlockException.invalid("Backing file name too long");
    }
    putName(out, at, name);
  }

  private byte[] name() {
    return backingFile == null ? new byte[0] : backingFile.getBytes(StandardCharsets.UTF_8);
  }

  private void putName(ByteBuffer out, int at, byte[] name) {
    backingOffset = backingFile == null ? 0 : at;
    backingSize = name.length;
    if (backingFile != null) {
      out.put(at, name);
    }
    putFixed(out, backingOffset, backingSize);
  }

  /** All extensions, those that others can do without last; returns where they end. */
  private int putExtensions(ByteBuffer out) {
    headerLength = LENGTH + more.length;
    int at = version == 2 ? V2_LENGTH : headerLength;
    if (version == 3) {
      out.put(LENGTH, more);
    }
    var ordered = new ArrayList<>(extensions);
    ordered.sort(java.util.Comparator.comparing(e -> e.type() == EXTENSION_FEATURES));
    for (Extension extension : ordered) {
      int bytes = 8 + (extension.data().length + 7 & -8);
      if (at + bytes + 8 > out.limit()) {
        throw BlockException.invalid("the header does not fit into the first cluster");
      }
      out.putInt(at, extension.type());
      out.putInt(at + 4, extension.data().length);
      out.put(at + 8, extension.data());
      at += bytes;
    }
    return at + 8; // with the mark of their end
  }

  /**
   * Writes the first cluster anew, so that at any instant the file has the old header or the new
   * one: what the first sector names is there before, and the first sector changes at once. (Of
   * extensions that do not fit into the first sector that is not true, except for the table of
   * names, which nobody needs.)
   */
  void update(BlockNode file) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment old = Buffers.small(arena, clusterSize());
      file.read(0, old);
      HeaderLayout layout = new HeaderLayout(old.asByteBuffer().order(ByteOrder.BIG_ENDIAN));
      MemorySegment next = Buffers.small(arena, clusterSize());
      ByteBuffer out = next.asByteBuffer().order(ByteOrder.BIG_ENDIAN);
      int end = putExtensions(out);
      byte[] name = name();
      int at = layout.place(name, end);
      if (layout.overwritesName(name, end)
          && extensions.removeIf(e -> e.type() == EXTENSION_FEATURES)) {
        update(file);
        return;
      }
      if (at < 0) {
        throw BlockException.invalid("Backing file name too long");
      }
      putName(out, at, name);
      layout.replace(file, old, next, at, name);
    }
  }

  private void putFixed(ByteBuffer out, long nameOffset, int nameSize) {
    out.putInt(0, MAGIC);
    out.putInt(4, version);
    out.putLong(8, nameOffset);
    out.putInt(16, nameSize);
    out.putInt(20, clusterBits);
    out.putLong(24, size);
    out.putInt(32, cryptMethod);
    out.putInt(36, l1Size);
    out.putLong(40, l1Offset);
    out.putLong(48, refcountTableOffset);
    out.putInt(56, refcountTableClusters);
    out.putInt(60, snapshotCount);
    out.putLong(64, snapshotsOffset);
    if (version == 3) {
      out.putLong(72, incompatible);
      out.putLong(80, compatible);
      out.putLong(88, autoclear);
      out.putInt(96, refcountOrder);
      out.putInt(100, headerLength);
      out.put(104, (byte) compressionType);
    }
  }

  /** The names of the features, for programs that do not know them ("Feature name table"). */
  static Extension featureNames() {
    ByteBuffer out = ByteBuffer.allocate(8 * 48);
    feature(out, 0, 0, "dirty bit");
    feature(out, 0, 1, "corrupt bit");
    feature(out, 0, 2, "external data file");
    feature(out, 0, 3, "compression type");
    feature(out, 0, 4, "extended L2 entries");
    feature(out, 1, 0, "lazy refcounts");
    feature(out, 2, 0, "bitmaps");
    feature(out, 2, 1, "raw external data");
    return new Extension(EXTENSION_FEATURES, out.array());
  }

  private static void feature(ByteBuffer out, int kind, int bit, String name) {
    int at = out.position();
    out.put((byte) kind).put((byte) bit).put(name.getBytes(StandardCharsets.US_ASCII));
    out.position(at + 48);
  }

  static long bigEndian(MemorySegment bytes, long at) {
    return bytes.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), at);
  }
}
