package dev.kasuari.block.vpc;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.FileBytes;
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
  private static final int MOST_PATH = 4096;

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

  long tableOffset() {
    return bytes.getLong(16);
  }

  int entries() {
    return bytes.getInt(28);
  }

  int blockSize() {
    return bytes.getInt(32);
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
      int at = 576 + i * 24;
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
    String whole = text(name, StandardCharsets.UTF_16BE).replace('\\', '/');
    return whole.substring(whole.lastIndexOf('/') + 1);
  }

  private static @Nullable String path(BlockNode file, long offset, int length) {
    if (length <= 0 || length > MOST_PATH || offset < 0 || offset > file.size() - length) {
      return null;
    }
    ByteBuffer data = FileBytes.read(file, offset, length, ByteOrder.BIG_ENDIAN);
    byte[] path = new byte[length];
    data.get(0, path);
    String text = text(path, StandardCharsets.UTF_16LE).replace('\\', '/');
    return text.startsWith("./") ? text.substring(2) : text;
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
