package dev.kasuari.block.parallels;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.FileBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The beginning of an image, before its table (Parallels Expandable Image File Format, "Header").
 * Numbers are little endian, places and sizes in sectors.
 *
 * @param extended entries of the table count clusters, not sectors
 * @param clusterSectors sectors of a cluster
 * @param entries of the table
 * @param inUse somebody has it open, or had when the power failed
 * @param dataOffset where clusters begin; 0 if right behind the table
 * @param extension where more is said, or 0
 */
record Header(
    boolean extended,
    long clusterSectors,
    int entries,
    long sectors,
    boolean inUse,
    long dataOffset,
    long extension) {
  static final int SIZE = 64;
  static final int SECTOR = 512;

  /** Where {@link #IN_USE} stands, or zero. */
  static final int IN_USE_OFFSET = 44;

  static final int IN_USE = 0x746f_6e59;
  private static final int HEADS = 16;
  private static final int SECTORS_PER_TRACK = 32;
  private static final String OLD = "WithoutFreeSpace";
  private static final String EXTENDED = "WithouFreSpacExt";

  /**
   * Reads and checks a header.
   *
   * @throws BlockException naming what is wrong
   */
  static Header read(BlockNode file) {
    ByteBuffer in = FileBytes.read(file, 0, SIZE, ByteOrder.LITTLE_ENDIAN);
    byte[] magic = new byte[16];
    in.get(0, magic);
    String text = new String(magic, StandardCharsets.ISO_8859_1);
    if (in.getInt(16) != 2 || !(text.equals(OLD) || text.equals(EXTENDED))) {
      throw BlockException.invalid("Image not in Parallels format");
    }
    boolean extended = text.equals(EXTENDED);
    long sectors = extended ? in.getLong(36) : in.getInt(36) & 0xffff_ffffL;
    Header header =
        new Header(
            extended,
            in.getInt(28) & 0xffff_ffffL,
            in.getInt(32),
            sectors,
            in.getInt(IN_USE_OFFSET) == IN_USE,
            in.getInt(48) & 0xffff_ffffL,
            in.getLong(56));
    header.refuseNonsense(file.size());
    return header;
  }

  private void refuseNonsense(long fileSize) {
    refuse(clusterSectors == 0, "Invalid image: Zero sectors per track");
    refuse(clusterSectors > 1 << 20, "Invalid image: Too big cluster");
    refuse(entries < 0 || tableEnd() > fileSize, "Catalog too large");
    refuse(
        sectors <= 0 || (sectors + clusterSectors - 1) / clusterSectors > entries,
        "a disk of " + sectors + " sectors with " + entries + " clusters");
    refuse(sectors > Long.MAX_VALUE >> 16, "a disk of " + sectors + " sectors");
    refuse(dataOffset != 0 && dataOffset * SECTOR < tableEnd(), "clusters within the table");
  }

  private static void refuse(boolean wrong, String what) {
    if (wrong) {
      throw BlockException.invalid("parallels: " + what);
    }
  }

  /** The header of a new image. */
  static Header create(long size, long clusterSize) {
    refuse(
        clusterSize < SECTOR || clusterSize % SECTOR != 0 || clusterSize > 512 << 20,
        "clusters of " + clusterSize + " bytes");
    long entries = (size + clusterSize - 1) / clusterSize;
    if (entries > 1 << 28) {
      throw new BlockException(
          BlockException.Kind.TOO_LARGE, "Image size is too large for this cluster size");
    }
    long data = (SIZE + entries * 4 + clusterSize - 1) / clusterSize * clusterSize;
    return new Header(
        true, clusterSize / SECTOR, (int) entries, size / SECTOR, false, data / SECTOR, 0);
  }

  void write(BlockNode file) {
    ByteBuffer out = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    long cylinder = (long) HEADS * SECTORS_PER_TRACK;
    out.put(0, EXTENDED.getBytes(StandardCharsets.US_ASCII)).putInt(16, 2).putInt(20, HEADS);
    out.putInt(24, (int) ((sectors + cylinder - 1) / cylinder));
    out.putInt(28, (int) clusterSectors).putInt(32, entries).putLong(36, sectors);
    out.putInt(48, (int) dataOffset);
    FileBytes.write(file, 0, out);
  }

  long clusterSize() {
    return clusterSectors * SECTOR;
  }

  long tableEnd() {
    return SIZE + entries * 4L;
  }

  /** Where clusters begin, bytes. */
  long dataBegin() {
    return dataOffset != 0 ? dataOffset * SECTOR : (tableEnd() + SECTOR - 1) & -SECTOR;
  }

  /** Where an entry of the table means, bytes. */
  long offset(int entry) {
    return (entry & 0xffff_ffffL) * (extended ? clusterSize() : SECTOR);
  }

  int entry(long offset) {
    return (int) (offset / (extended ? clusterSize() : SECTOR));
  }
}
