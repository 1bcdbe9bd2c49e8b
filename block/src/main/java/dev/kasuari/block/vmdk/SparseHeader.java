package dev.kasuari.block.vmdk;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.FileBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The first sector of a sparse extent (VMware Virtual Disk Format 5.0, "Hosted Sparse Extent
 * Header"). Numbers are little endian, places and sizes in sectors.
 *
 * @param version 1; 2 with zeroed grains; 3 if compressed
 * @param capacity of the disk that the extent has
 * @param grain sectors that have room together
 * @param descriptorOffset where the descriptor is, or 0 if there is none
 * @param tableEntries grains of a table
 * @param redundantDirectory a copy of the directory of tables, which has tables of its own
 * @param directory the directory of tables
 * @param overhead where grains begin
 * @param compression 1 for deflate
 */
record SparseHeader(
    int version,
    int flags,
    long capacity,
    long grain,
    long descriptorOffset,
    long descriptorSize,
    int tableEntries,
    long redundantDirectory,
    long directory,
    long overhead,
    int compression) {
  static final int SIZE = 512;
  static final int SECTOR = 512;
  static final int MAGIC = 0x564d_444b;
  static final int TABLE_ENTRIES = 512;
  static final int GRAIN = 128;
  static final int DESCRIPTOR_SECTORS = 20;
  static final int COMPRESSED = 1 << 16;

  private static final int NEWLINES = 1;
  private static final int REDUNDANT = 2;
  private static final int ZEROED_GRAINS = 4;
  private static final int MARKERS = 1 << 17;
  private static final long AT_END = -1;
  private static final int MOST_GRAIN = 32768;
  private static final byte[] NEWLINE_TEST = {'\n', ' ', '\r', '\n'};

  /**
   * Reads and checks the header of an extent; that of its end if this one says so.
   *
   * @throws BlockException naming what is wrong
   */
  static SparseHeader read(BlockNode file) {
    SparseHeader header = at(file, 0);
    if (header.directory == AT_END) {
      // Footer marker, footer, end-of-stream marker ("Stream-Optimized Compressed Sparse Extents").
      refuse(file.size() < 4L * SECTOR, "an extent without its footer");
      header = at(file, file.size() - 2 * SECTOR);
    }
    header.refuseNonsense(file.size());
    return header;
  }

  private static SparseHeader at(BlockNode file, long offset) {
    ByteBuffer in = FileBytes.read(file, offset, SIZE, ByteOrder.LITTLE_ENDIAN);
    refuse(in.getInt(0) != MAGIC, "an extent without a sparse header");
    return new SparseHeader(
        in.getInt(4),
        in.getInt(8),
        in.getLong(12),
        in.getLong(20),
        in.getLong(28),
        in.getLong(36),
        in.getInt(44),
        in.getLong(48),
        in.getLong(56),
        in.getLong(64),
        in.getShort(77) & 0xffff);
  }

  private void refuseNonsense(long fileSize) {
    refuse(version < 1 || version > 3, "Unsupported VMDK version " + version);
    refuse(capacity < 0 || capacity > Long.MAX_VALUE >> 16, "a capacity of " + capacity);
    refuse(
        Long.bitCount(grain) != 1 || grain < 1 || grain > MOST_GRAIN,
        "Invalid granularity, image may be corrupt");
    refuse(tableEntries < 1 || tableEntries > 4096, "L2 table size too big");
    long sectors = fileSize / SECTOR;
    refuse(tables() > (1 << 29), "L1 size too big");
    refuse(
        directory < 1 || directory > sectors || tables() * 4 > fileSize - directory * SECTOR,
        "a grain directory that is not within the file");
    boolean copy = redundant();
    refuse(
        copy
            && (redundantDirectory < 1
                || redundantDirectory > sectors
                || tables() * 4 > fileSize - redundantDirectory * SECTOR),
        "a redundant grain directory that is not within the file");
    refuse(descriptorOffset < 0 || descriptorOffset > sectors, "a descriptor behind the file");
    refuse(compressed() && compression > 1, "an unknown compression");
  }

  private static void refuse(boolean wrong, String what) {
    if (wrong) {
      throw BlockException.invalid("vmdk: " + what);
    }
  }

  /** The header of a new extent. */
  static SparseHeader create(long capacity, boolean compressed, boolean zeroedGrains) {
    long grains = (capacity + GRAIN - 1) / GRAIN;
    long tables = (grains + TABLE_ENTRIES - 1) / TABLE_ENTRIES;
    long directorySectors = sectors(tables * 4);
    long all = directorySectors + tables * sectors(TABLE_ENTRIES * 4L);
    long first = 1 + DESCRIPTOR_SECTORS;
    int flags =
        NEWLINES
            | REDUNDANT
            | (compressed ? COMPRESSED | MARKERS : 0)
            | (zeroedGrains ? ZEROED_GRAINS : 0);
    return new SparseHeader(
        compressed ? 3 : zeroedGrains ? 2 : 1,
        flags,
        capacity,
        GRAIN,
        1,
        DESCRIPTOR_SECTORS,
        TABLE_ENTRIES,
        first,
        first + all,
        (first + 2 * all + GRAIN - 1) / GRAIN * GRAIN,
        compressed ? 1 : 0);
  }

  private static long sectors(long bytes) {
    return (bytes + SECTOR - 1) / SECTOR;
  }

  /** Header, directories and empty tables. */
  void writeEmpty(BlockNode file) {
    ByteBuffer out = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(0, MAGIC).putInt(4, version).putInt(8, flags).putLong(12, capacity);
    out.putLong(20, grain).putLong(28, descriptorOffset).putLong(36, descriptorSize);
    out.putInt(44, tableEntries).putLong(48, redundantDirectory).putLong(56, directory);
    out.putLong(64, overhead).put(73, NEWLINE_TEST).putShort(77, (short) compression);
    FileBytes.write(file, 0, out);
    file.writeZeroes(SIZE, overhead * SECTOR - SIZE, true);
    writeDirectory(file, redundantDirectory);
    writeDirectory(file, directory);
  }

  private void writeDirectory(BlockNode file, long at) {
    int bytes = (int) sectors(tables() * 4) * SECTOR;
    ByteBuffer out = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long table = at + sectors(bytes);
    for (int i = 0; i < tables(); i++) {
      out.putInt(i * 4, (int) table);
      table += sectors(tableEntries * 4L);
    }
    FileBytes.write(file, at * SECTOR, out);
  }

  /** How many tables there are. */
  long tables() {
    long each = tableEntries * grain;
    return capacity / each + (capacity % each == 0 ? 0 : 1);
  }

  /** Bytes that have room together. */
  int grainSize() {
    return (int) grain * SECTOR;
  }

  boolean compressed() {
    return (flags & COMPRESSED) != 0;
  }

  boolean markers() {
    return (flags & MARKERS) != 0;
  }

  boolean zeroedGrains() {
    return (flags & ZEROED_GRAINS) != 0;
  }

  boolean redundant() {
    return (flags & REDUNDANT) != 0;
  }
}
