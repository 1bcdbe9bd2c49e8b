package dev.kasuari.block.vhdx;

import static dev.kasuari.block.vhdx.Structure.refuse;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.FileBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the table of blocks and the metadata are ([MS-VHDX] 2.2.3, "Region Table"), and what the
 * metadata says (2.6, "Metadata Region").
 *
 * @param table where the table of blocks is
 * @param metadata where the metadata is
 * @param sector bytes
 * @param parent what is said of the image behind it, null if there is none
 */
record Regions(
    long table,
    long tableLength,
    long metadata,
    long metadataLength,
    int blockSize,
    boolean fixed,
    long size,
    int sector,
    @Nullable Parent parent) {
  static final long MOST_SIZE = 64L << 40;

  private static final long[] PLACES = {192 << 10, 256 << 10};
  private static final int LENGTH = 64 << 10;
  private static final int SIGNATURE = 0x6967_6572; // regi
  private static final String TABLE = "2dc27766-f623-4200-9d64-115e9bfd4a08";
  private static final String METADATA = "8b7ca206-4790-4b9a-b8fe-575f050f886e";
  private static final long METADATA_SIGNATURE = 0x6174_6164_6174_656dL; // metadata
  private static final String PARAMETERS = "caa16737-fa36-4d43-b3b6-33f0aa44e76b";
  private static final String SIZE = "2fa54224-cd1b-4876-b211-5dbed83bf4b8";
  private static final String PAGE_83 = "beca12ab-b2e6-4523-93ef-c309e000c746";
  private static final String SECTOR = "8141bf1d-a96f-4709-ba47-f233a8faab5f";
  private static final String PHYSICAL_SECTOR = "cda348c7-445d-4471-9cc9-e9885251c556";
  private static final String LOCATOR = "a8d35f2d-b30b-454d-abf7-d3d84834ab0c";
  private static final List<String> KNOWN =
      List.of(PARAMETERS, SIZE, PAGE_83, SECTOR, PHYSICAL_SECTOR, LOCATOR);
  private static final int MOST_ENTRIES = 2047;
  private static final int PAGE = 4096;
  private static final int REQUIRED = 4;

  /**
   * What names the image behind a differencing one.
   *
   * @param entry where in the file the 32 bytes are that say where {@code locator} is
   * @param room behind all other items, from the beginning of the metadata; a page begins there
   */
  record Parent(ParentLocator locator, long entry, long room) {}

  /**
   * Reads and checks both.
   *
   * @throws BlockException naming what is wrong
   */
  static Regions read(BlockNode file, Header header) {
    ByteBuffer first = at(file, 0);
    ByteBuffer in =
        Structure.required(first == null ? at(file, 1) : first, "both region tables are damaged");
    long[] table = {0, 0};
    long[] metadata = {0, 0};
    int count = in.getInt(8);
    refuse(count < 0 || count > MOST_ENTRIES, count + " regions");
    for (int i = 0; i < count; i++) {
      int at = 16 + i * 32;
      long[] known =
          Structure.is(in, at, TABLE) ? table : Structure.is(in, at, METADATA) ? metadata : null;
      refuse(known == null && (in.getInt(at + 28) & 1) != 0, "an unknown region that is required");
      if (known != null) {
        refuse(known[1] != 0, "a region twice");
        known[0] = in.getLong(at + 16);
        known[1] = in.getInt(at + 24) & 0xffff_ffffL;
        refuseOutside(file, header, known);
      }
    }
    refuse(table[1] == 0 || metadata[1] == 0, "a region is missing");
    refuse(overlap(table, metadata), "regions overlap");
    return withMetadata(file, table, metadata);
  }

  private static @Nullable ByteBuffer at(BlockNode file, int which) {
    ByteBuffer in = FileBytes.read(file, PLACES[which], LENGTH, ByteOrder.LITTLE_ENDIAN);
    return in.getInt(0) == SIGNATURE && Structure.whole(in) ? in : null;
  }

  private static void refuseOutside(BlockNode file, Header header, long[] region) {
    refuse(
        region[0] < Structure.MEBIBYTE
            || region[0] % Structure.MEBIBYTE != 0
            || region[1] == 0
            || region[1] % Structure.MEBIBYTE != 0
            || region[0] > file.size() - region[1],
        "a region of %d bytes at %d".formatted(region[1], region[0]));
    refuse(
        overlap(region, new long[] {header.logOffset(), header.logLength()}),
        "a region overlaps the log");
  }

  private static boolean overlap(long[] a, long[] b) {
    return a[0] < b[0] + b[1] && b[0] < a[0] + a[1];
  }

  private static Regions withMetadata(BlockNode file, long[] table, long[] metadata) {
    ByteBuffer in = FileBytes.read(file, metadata[0], LENGTH, ByteOrder.LITTLE_ENDIAN);
    refuse(in.getLong(0) != METADATA_SIGNATURE, "the metadata's signature is missing");
    int count = in.getShort(10) & 0xffff;
    refuse(count > MOST_ENTRIES, count + " items of metadata");
    ByteBuffer parameters = null;
    ByteBuffer size = null;
    ByteBuffer sector = null;
    int locator = 0;
    long room = LENGTH;
    for (int i = 0; i < count; i++) {
      int at = 32 + i * 32;
      if (Structure.is(in, at, LOCATOR)) {
        locator = at;
        continue;
      }
      if (Structure.is(in, at, PARAMETERS)) {
        parameters = item(file, metadata, in, at, 8);
      } else if (Structure.is(in, at, SIZE)) {
        size = item(file, metadata, in, at, 8);
      } else if (Structure.is(in, at, SECTOR)) {
        sector = item(file, metadata, in, at, 4);
      } else {
        refuseUnknown(in, at);
      }
      room = Math.max(room, unsigned(in, at + 16) + unsigned(in, at + 20));
    }
    parameters = Structure.required(parameters, "the size of blocks is missing");
    size = Structure.required(size, "the size of the disk is missing");
    sector = Structure.required(sector, "the size of sectors is missing");
    Parent parent = null;
    if ((parameters.getInt(4) & 2) != 0) {
      refuse(locator == 0, "what says which image is behind it is missing");
      int length = in.getInt(locator + 20);
      refuse(length < 0 || length > ParentLocator.MOST, "a parent locator of " + length + " bytes");
      var said = ParentLocator.read(item(file, metadata, in, locator, length));
      parent = new Parent(said, metadata[0] + locator, (room + PAGE - 1) & -PAGE);
    }
    boolean fixed = (parameters.getInt(4) & 1) != 0;
    var regions =
        new Regions(
            table[0],
            table[1],
            metadata[0],
            metadata[1],
            parameters.getInt(0),
            fixed,
            size.getLong(0),
            sector.getInt(0),
            parent);
    regions.refuseNonsense();
    return regions;
  }

  private static long unsigned(ByteBuffer in, int at) {
    return in.getInt(at) & 0xffff_ffffL;
  }

  private static void refuseUnknown(ByteBuffer in, int at) {
    boolean known = KNOWN.stream().anyMatch(id -> Structure.is(in, at, id));
    refuse(
        !known && (in.getInt(at + 24) & REQUIRED) != 0, "unknown metadata that must be understood");
  }

  private static ByteBuffer item(
      BlockNode file, long[] metadata, ByteBuffer in, int at, int length) {
    long offset = unsigned(in, at + 16);
    refuse(
        offset < LENGTH || offset > metadata[1] - length || in.getInt(at + 20) < length,
        "an item of metadata at " + offset);
    return FileBytes.read(file, metadata[0] + offset, length, ByteOrder.LITTLE_ENDIAN);
  }

  private void refuseNonsense() {
    refuse(
        blockSize < Structure.MEBIBYTE || blockSize > 256 << 20 || Integer.bitCount(blockSize) != 1,
        "blocks of " + blockSize + " bytes");
    refuse(sector != 512 && sector != 4096, "sectors of " + sector + " bytes");
    refuse(size <= 0 || size > MOST_SIZE || size % sector != 0, "a disk of " + size + " bytes");
    refuse(entries() * 8 > tableLength, "the table of blocks is too small");
  }

  /** Blocks whose sectors one bitmap has, which stands behind them in the table. */
  long chunkRatio() {
    return ((long) sector << 23) / blockSize;
  }

  long blocks() {
    return (size + blockSize - 1) / blockSize;
  }

  /** Of the table: with a parent, there is one for each bitmap. */
  long entries() {
    long bitmaps = (blocks() - 1) / chunkRatio();
    return parent == null ? blocks() + bitmaps : (bitmaps + 1) * (chunkRatio() + 1);
  }

  /** Where in the file the entry of a block is. */
  long entryOffset(long block) {
    return table + (block + block / chunkRatio()) * 8;
  }

  /** Where in the file the entry of the bitmap is that a block has part of. */
  long bitmapEntryOffset(long block) {
    return table + (block / chunkRatio() * (chunkRatio() + 1) + chunkRatio()) * 8;
  }

  /** True if an offset of the file is in the table. */
  boolean inTable(long offset) {
    return offset >= table && offset < table + tableLength;
  }

  /** The same with other words about the image behind it. */
  Regions with(Parent other) {
    return new Regions(
        table, tableLength, metadata, metadataLength, blockSize, fixed, size, sector, other);
  }

  /** Where all metadata ends. */
  long dataFrom(Header header) {
    long end = Math.max(table + tableLength, metadata + metadataLength);
    return Math.max(end, header.logOffset() + header.logLength());
  }

  /** True if some of that range is metadata. */
  boolean covers(Header header, long offset, long length) {
    long[] range = {offset, length};
    return offset < Structure.MEBIBYTE
        || overlap(range, new long[] {table, tableLength})
        || overlap(range, new long[] {metadata, metadataLength})
        || overlap(range, new long[] {header.logOffset(), header.logLength()});
  }

  /** The regions of a new image, behind a log of that size. */
  static Regions create(
      long size,
      int blockSize,
      boolean fixed,
      int logLength,
      int sector,
      @Nullable ParentLocator locator) {
    var nowhere = locator == null ? null : new Parent(locator, 0, 0);
    var some = new Regions(0, 0, 0, 0, blockSize, fixed, size, sector, nowhere);
    long tableLength = (some.entries() * 8 + Structure.MEBIBYTE - 1) & -(long) Structure.MEBIBYTE;
    long table = Structure.MEBIBYTE + (long) logLength;
    long metadata = table + tableLength;
    var parent = locator == null ? null : new Parent(locator, metadata + 32 * 6, LENGTH + PAGE);
    return new Regions(
        table, tableLength, metadata, Structure.MEBIBYTE, blockSize, fixed, size, sector, parent);
  }

  long end() {
    return metadata + metadataLength;
  }

  void write(BlockNode file) {
    ByteBuffer out = Structure.allocate(LENGTH);
    out.putInt(0, SIGNATURE).putInt(8, 2);
    Structure.put(out, 16, TABLE);
    out.putLong(32, table).putInt(40, (int) tableLength).putInt(44, 1);
    Structure.put(out, 48, METADATA);
    out.putLong(64, metadata).putInt(72, (int) metadataLength).putInt(76, 1);
    Structure.seal(out);
    FileBytes.write(file, PLACES[0], out);
    FileBytes.write(file, PLACES[1], out);
    byte[] locator = parent == null ? new byte[0] : parent.locator().bytes();
    ByteBuffer items = Structure.allocate(LENGTH + PAGE + locator.length);
    items.putLong(0, METADATA_SIGNATURE).putShort(10, (short) (parent == null ? 5 : 6));
    item(items, 0, PARAMETERS, 0, 8, REQUIRED);
    item(items, 1, SIZE, 8, 8, 6);
    item(items, 2, PAGE_83, 16, 16, 6);
    item(items, 3, SECTOR, 32, 4, 6);
    item(items, 4, PHYSICAL_SECTOR, 36, 4, 6);
    items.putInt(LENGTH, blockSize);
    items.putInt(LENGTH + 4, (fixed ? 1 : 0) | (parent == null ? 0 : 2));
    items.putLong(LENGTH + 8, size).put(LENGTH + 16, FileBytes.guid());
    items.putInt(LENGTH + 32, sector).putInt(LENGTH + 36, sector);
    if (parent != null) {
      item(items, 5, LOCATOR, PAGE, locator.length, REQUIRED);
      items.put(LENGTH + PAGE, locator);
    }
    FileBytes.write(file, metadata, items);
  }

  private static void item(
      ByteBuffer out, int index, String id, int offset, int length, int flags) {
    int at = 32 + index * 32;
    Structure.put(out, at, id);
    out.putInt(at + 16, LENGTH + offset).putInt(at + 20, length).putInt(at + 24, flags);
  }
}
