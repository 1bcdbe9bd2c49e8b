package dev.kasuari.block.bochs;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.FileBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The beginning of an image (Bochs Developers Guide, "Redolog based hard disk images"). All numbers
 * are little endian.
 *
 * @param catalog where the catalog is: a number of 32 bits for each extent
 * @param entries of the catalog
 * @param bitmapSize bytes before each extent, with a bit for each of its sectors
 * @param extentSize bytes
 * @param size of the disk, bytes
 */
record Header(long catalog, long entries, long bitmapSize, long extentSize, long size) {
  static final int SECTOR = 512;
  private static final String MAGIC = "Bochs Virtual HD Image";
  private static final int LENGTH = 512;
  private static final int VERSION_1 = 0x10000;
  private static final int VERSION_2 = 0x20000;

  /** Those of 8 TiB, the largest disk that Bochs makes. */
  private static final long MOST_ENTRIES = 0x100000;

  private static final long MOST_EXTENT = 0x800000;

  /**
   * Reads and checks a header.
   *
   * @throws BlockException naming what is wrong
   */
  static Header read(BlockNode file) {
    ByteBuffer in = FileBytes.read(file, 0, LENGTH, ByteOrder.LITTLE_ENDIAN);
    int version = in.getInt(64);
    boolean known = version == VERSION_1 || version == VERSION_2;
    boolean growing = text(in, 32, 16).equals("Redolog") && text(in, 48, 16).equals("Growing");
    if (!text(in, 0, 32).equals(MAGIC) || !growing || !known) {
      throw BlockException.invalid("Image not in Bochs format");
    }
    var header =
        new Header(
            unsigned(in, 68),
            unsigned(in, 72),
            unsigned(in, 76),
            unsigned(in, 80),
            in.getLong(version == VERSION_1 ? 84 : 88) / SECTOR * SECTOR);
    header.refuseNonsense(file.size());
    return header;
  }

  private static long unsigned(ByteBuffer in, int at) {
    return Integer.toUnsignedLong(in.getInt(at));
  }

  private static String text(ByteBuffer in, int at, int length) {
    byte[] bytes = new byte[length];
    in.get(at, bytes);
    String all = new String(bytes, StandardCharsets.ISO_8859_1);
    int end = all.indexOf(0);
    return end < 0 ? all : all.substring(0, end);
  }

  private void refuseNonsense(long fileSize) {
    refuse(entries > MOST_ENTRIES, "Catalog size is too large");
    refuse(extentSize < SECTOR, "Extent size must be at least 512");
    refuse(Long.bitCount(extentSize) != 1, "Extent size " + extentSize + " is not a power of two");
    refuse(extentSize > MOST_EXTENT, "Extent size " + extentSize + " is too large");
    refuse(size < 0, "a disk of " + size + " bytes");
    refuse(
        entries < (size + extentSize - 1) / extentSize,
        "Catalog size is too small for this disk size");
    refuse(catalog < LENGTH || catalog % 4 != 0, "the catalog begins at " + catalog);
    refuse(catalog + entries * 4 > fileSize, "the catalog is not in the file");
    refuse(
        bitmapSize == 0 || bitmapSize * 8 < extentSize / SECTOR || bitmapSize > MOST_EXTENT,
        "bitmaps of %d bytes for extents of %d".formatted(bitmapSize, extentSize));
  }

  private static void refuse(boolean wrong, String what) {
    if (wrong) {
      throw BlockException.invalid("bochs: " + what);
    }
  }

  /** Where extents begin, each behind its bitmap. */
  long data() {
    return catalog + entries * 4;
  }

  /** Bytes of a bitmap with what fills its last sector. */
  long bitmapRoom() {
    return (bitmapSize + SECTOR - 1) / SECTOR * SECTOR;
  }
}
