package dev.kasuari.block.vpc;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.block.table.ParentPath;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a dynamic image has beside its footer (Virtual Hard Disk Image Format Specification 1.0,
 * "Dynamic Disk Header Format"). All numbers are big endian.
 */
final class SparseHeader {
  static final int SIZE = 1024;
  private static final byte[] COOKIE = "cxsparse".getBytes(StandardCharsets.US_ASCII);
  private static final int LOCATORS = 8;
  private static final int RELATIVE_PATH = 0x5732_7275; // W2ru
  private static final int ABSOLUTE_PATH = 0x5732_6b75; // W2ku
  private static final int MOST_PATH = 4096;
  private static final int FIRST_LOCATOR = 576;
  private static final int LOCATOR_SIZE = 24;

  /** Room for a path, bytes. */
  private static final int LOCATOR_ROOM = 4096;

  /** Bytes of the name of what is behind it, but for the zero at its end. */
  private static final int MOST_NAME = 510;

  private final ByteBuffer bytes;

  private SparseHeader(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /**
   * Reads and checks a header.
   *
   * @param size of the disk, bytes
   */
  static SparseHeader read(BlockNode file, long offset, long size) {
    if (offset < 0 || offset > file.size() - SIZE) {
      throw BlockException.invalid("vpc: the header of a dynamic image is not in the file");
    }
    var header = new SparseHeader(FileBytes.read(file, offset, SIZE, ByteOrder.BIG_ENDIAN));
    header.refuseNonsense(file.size(), size);
    return header;
  }

  private void refuseNonsense(long fileSize, long size) {
    byte[] cookie = new byte[8];
    bytes.get(0, cookie);
    refuse(!java.util.Arrays.equals(cookie, COOKIE), "header of a dynamic image is missing");
    refuse(bytes.getInt(36) != Footer.checksum(bytes, SIZE, 36), "header's checksum is wrong");
    int block = blockSize();
    refuse(Integer.bitCount(block) != 1 || block < 512, "Invalid block size " + block);
    refuse(block > 256 << 20, "block size " + block + " is larger than 256 MiB");
    refuse(entries() < 0 || (long) entries() * block < size, "Page table too small");
    refuse(
        tableOffset() < Footer.SIZE || tableOffset() > fileSize - entries() * 4L,
        "block allocation table is not within the file");
    refuse(tableOffset() % 512 != 0, "block allocation table is not aligned");
  }

  private static void refuse(boolean wrong, String what) {
    if (wrong) {
      throw BlockException.invalid("vpc: " + what);
    }
  }

  /** The header of a new image; its table follows. */
  static SparseHeader create(int entries, int blockSize) {
    ByteBuffer out = ByteBuffer.allocate(SIZE).order(ByteOrder.BIG_ENDIAN);
    out.put(0, COOKIE).putLong(8, -1).putLong(16, Footer.SIZE + SIZE);
    out.putInt(24, 0x0001_0000).putInt(28, entries).putInt(32, blockSize);
    out.putInt(36, Footer.checksum(out, SIZE, 36));
    return new SparseHeader(out);
  }

  /** Bytes of a table with so many entries, and what fills its last sector up. */
  static long tableSize(int entries) {
    return (entries * 4L + 511) & -512;
  }

  /** Says what is behind it. Where that is stands behind the table: {@link #writeLocators}. */
  void parent(ParentImage parent) {
    bytes.putLong(40, parent.footer().id().getMostSignificantBits());
    bytes.putLong(48, parent.footer().id().getLeastSignificantBits());
    bytes.putInt(56, Footer.seconds(parent.changed()));
    byte[] name = parent.path().name().getBytes(StandardCharsets.UTF_16BE);
    bytes.put(64, name, 0, Math.min(name.length, MOST_NAME));
    locator(0, RELATIVE_PATH, parent.path().relativeBytes().length);
    locator(1, ABSOLUTE_PATH, parent.path().absoluteBytes().length);
    bytes.putInt(36, Footer.checksum(bytes, SIZE, 36));
  }

  private void locator(int index, int platform, int length) {
    int at = FIRST_LOCATOR + index * LOCATOR_SIZE;
    bytes.putInt(at, platform).putInt(at + 4, LOCATOR_ROOM / 512).putInt(at + 8, length);
    bytes.putLong(at + 16, locatorOffset(index));
  }

  private long locatorOffset(int index) {
    return tableOffset() + tableSize(entries()) + (long) index * LOCATOR_ROOM;
  }

  /** Writes where the image behind it is; returns where these end. */
  long writeLocators(BlockNode file, ParentImage parent) {
    byte[] both = new byte[2 * LOCATOR_ROOM];
    byte[] relative = parent.path().relativeBytes();
    byte[] absolute = parent.path().absoluteBytes();
    System.arraycopy(relative, 0, both, 0, relative.length);
    System.arraycopy(absolute, 0, both, LOCATOR_ROOM, absolute.length);
    FileBytes.write(file, locatorOffset(0), both);
    return locatorOffset(2);
  }

  long tableOffset() {
    return bytes.getLong(16);
  }

  int entries() {
    return bytes.getInt(28);
  }

  int blockSize() {
    return bytes.getInt(32);
  }

  /**
   * Where blocks may begin: behind the table, and behind where the image behind this one is named.
   *
   * @param fileSize what a header says to be behind it is not there
   */
  long metadataEnd(long fileSize) {
    long end = tableOffset() + tableSize(entries());
    for (int i = 0; i < LOCATORS; i++) {
      int at = FIRST_LOCATOR + i * LOCATOR_SIZE;
      long offset = bytes.getLong(at + 16);
      long space = bytes.getInt(at + 4) & 0xffff_ffffL;
      // Sectors, says the specification; some write bytes.
      long room = space < 512 ? space * 512 : space;
      room = Math.max(room, bytes.getInt(at + 8) & 0xffff_ffffL);
      if (bytes.getInt(at) != 0 && offset >= Footer.SIZE && offset <= fileSize - room) {
        end = Math.max(end, (offset + room + 511) & -512);
      }
    }
    return end;
  }

  /** Bytes before each block: a bit for each of its sectors. */
  int bitmapSize() {
    return (blockSize() / 512 / 8 + 511) & -512;
  }

  UUID parentId() {
    return new UUID(bytes.getLong(40), bytes.getLong(48));
  }

  /**
   * The name of the image behind a differencing one, as this host writes names: the relative path
   * if there is one, otherwise the last part of the name.
   */
  String parentName(BlockNode file) {
    for (int i = 0; i < LOCATORS; i++) {
      int at = FIRST_LOCATOR + i * LOCATOR_SIZE;
      String path =
          bytes.getInt(at) == RELATIVE_PATH
              ? path(file, bytes.getLong(at + 16), bytes.getInt(at + 8))
              : null;
      if (path != null) {
        return path;
      }
    }
    byte[] name = new byte[512];
    bytes.get(64, name);
    return ParentPath.lastPart(text(name, StandardCharsets.UTF_16BE));
  }

  private static @Nullable String path(BlockNode file, long offset, int length) {
    if (length <= 0 || length > MOST_PATH || offset < 0 || offset > file.size() - length) {
      return null;
    }
    ByteBuffer data = FileBytes.read(file, offset, length, ByteOrder.BIG_ENDIAN);
    byte[] path = new byte[length];
    data.get(0, path);
    return ParentPath.local(text(path, StandardCharsets.UTF_16LE));
  }

  private static String text(byte[] bytes, Charset charset) {
    String text = new String(bytes, charset);
    int end = text.indexOf('\0');
    return end < 0 ? text : text.substring(0, end);
  }

  void write(BlockNode file, long offset) {
    FileBytes.write(file, offset, bytes);
  }
}
