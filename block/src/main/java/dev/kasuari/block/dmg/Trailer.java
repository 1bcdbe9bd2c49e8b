package dev.kasuari.block.dmg;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.FileBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The last 512 bytes of an image, "koly" (Universal Disk Image Format as libyal's and other
 * documents describe it; Apple has published none). All numbers are big endian.
 *
 * @param data where the data fork begins
 * @param resources where the resource fork begins, of {@code resourceLength} bytes
 * @param list where the property list begins, of {@code listLength} bytes
 * @param size of the disk, bytes
 */
record Trailer(
    long data, long resources, long resourceLength, long list, long listLength, long size) {
  static final int SECTOR = 512;
  private static final int LENGTH = 512;
  private static final int MAGIC = 0x6b6f_6c79;

  /** Of a property list, a resource fork, and a chunk. */
  static final long MOST = 64 << 20;

  /**
   * Reads and checks it.
   *
   * @throws BlockException naming what is wrong
   */
  static Trailer read(BlockNode file) {
    ByteBuffer in = find(file);
    var trailer =
        new Trailer(
            in.getLong(0x18),
            in.getLong(0x28),
            in.getLong(0x30),
            in.getLong(0xd8),
            in.getLong(0xe0),
            in.getLong(0x1ec) * SECTOR);
    long end = file.size();
    refuse(trailer.data < 0 || trailer.data > end, "the data fork is not in the file");
    long sectors = in.getLong(0x1ec);
    refuse(sectors < 0 || sectors > Long.MAX_VALUE / SECTOR, "a disk of " + sectors + " sectors");
    refuse(
        outside(trailer.resources, trailer.resourceLength, end),
        "the resource fork is not in the file");
    refuse(outside(trailer.list, trailer.listLength, end), "the property list is not in the file");
    refuse(
        Math.max(trailer.resourceLength, trailer.listLength) > MOST,
        "tables of more than " + MOST + " bytes");
    refuse(
        trailer.resourceLength == 0 && trailer.listLength == 0,
        "it has neither a resource fork nor a property list");
    return trailer;
  }

  /** It may have some bytes behind it that fill the last sector. */
  private static ByteBuffer find(BlockNode file) {
    long from = Math.max(0, file.size() - 2 * LENGTH + 1);
    int length = (int) (file.size() - from);
    ByteBuffer tail = FileBytes.read(file, from, length, ByteOrder.BIG_ENDIAN);
    for (int at = length - LENGTH; at >= 0; at--) {
      if (tail.getInt(at) == MAGIC) {
        return tail.slice(at, LENGTH).order(ByteOrder.BIG_ENDIAN);
      }
    }
    throw BlockException.invalid("Could not locate UDIF trailer in dmg file");
  }

  private static boolean outside(long offset, long length, long end) {
    return length != 0 && (offset < 0 || length < 0 || offset > end || length > end - offset);
  }

  private static void refuse(boolean wrong, String what) {
    if (wrong) {
      throw BlockException.invalid("dmg: " + what);
    }
  }
}
