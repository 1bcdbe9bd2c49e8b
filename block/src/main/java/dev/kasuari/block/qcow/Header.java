package dev.kasuari.block.qcow;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.FileBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The beginning of an image (The QCOW Image Format, "The Header"). All numbers are big endian.
 *
 * @param clusterBits the size of a cluster as a power of two
 * @param tableBits entries of a table as a power of two
 */
record Header(
    @Nullable String backingFile,
    long size,
    int clusterBits,
    int tableBits,
    int crypt,
    long first) {
  static final int MAGIC = 0x5146_49fb;
  private static final int LENGTH = 48;
  private static final int MOST_NAME = 1023;

  /**
   * Reads and checks a header.
   *
   * @throws BlockException naming what is wrong
   */
  static Header read(BlockNode file) {
    ByteBuffer in = FileBytes.read(file, 0, LENGTH, ByteOrder.BIG_ENDIAN);
    if (in.getInt(0) != MAGIC) {
      throw BlockException.invalid("Image not in qcow format");
    }
    if (in.getInt(4) != 1) {
      throw BlockException.notSupported(
          "qcow (v" + in.getInt(4) + ") does not support qcow version 1");
    }
    String name = name(file, in.getLong(8), in.getInt(16));
    var header =
        new Header(name, in.getLong(24), in.get(32), in.get(33), in.getInt(36), in.getLong(40));
    header.refuseNonsense(file.size());
    return header;
  }

  private static @Nullable String name(BlockNode file, long offset, int length) {
    if (offset == 0) {
      return null;
    }
    if (length < 0 || length > MOST_NAME) {
      throw BlockException.invalid("Backing file name too long");
    }
    if (offset < LENGTH || offset > file.size() - length) {
      throw BlockException.invalid("qcow: the name of the backing file is not in the file");
    }
    byte[] name = new byte[length];
    FileBytes.read(file, offset, length, ByteOrder.BIG_ENDIAN).get(0, name);
    return new String(name, StandardCharsets.UTF_8);
  }

  private void refuseNonsense(long fileSize) {
    refuse(size <= 1, "Image size is too small (must be at least 2 bytes)");
    refuse(clusterBits < 9 || clusterBits > 16, "Cluster size must be between 512 and 64k");
    refuse(tableBits < 6 || tableBits > 13, "L2 table size must be between 512 and 64k");
    refuse(size > Long.MAX_VALUE - (2L << 29), "Image too large");
    refuse(
        (first & 7) != 0 || first < LENGTH || first > fileSize - tables() * 8,
        "the first table is not in the file");
    if (crypt != 0) {
      throw BlockException.notSupported(
          crypt == 1
              ? "encrypted qcow images come later; 'qemu-img convert' decrypts them"
              : "invalid encryption method in qcow header");
    }
  }

  private static void refuse(boolean wrong, String what) {
    if (wrong) {
      throw BlockException.invalid("qcow: " + what);
    }
  }

  /** The header of a new image. */
  static Header create(long size, @Nullable String backingFile) {
    refuse(size == 0, "Image size is too small, cannot be zero length");
    int name = backingFile == null ? 0 : backingFile.getBytes(StandardCharsets.UTF_8).length;
    refuse(name > MOST_NAME, "Backing file name too long");
    boolean behind = backingFile != null;
    // Small clusters keep low what is copied from behind.
    return new Header(
        backingFile, size, behind ? 9 : 12, behind ? 12 : 9, 0, (LENGTH + name + 7) & -8);
  }

  /** The header and an empty first table. */
  void write(BlockNode file) {
    byte[] name = backingFile == null ? new byte[0] : backingFile.getBytes(StandardCharsets.UTF_8);
    int whole = (int) ((first + tables() * 8 + 511) & -512);
    ByteBuffer out = ByteBuffer.allocate(whole).order(ByteOrder.BIG_ENDIAN);
    out.putInt(0, MAGIC).putInt(4, 1).putLong(8, name.length == 0 ? 0 : LENGTH);
    out.putInt(16, name.length).putLong(24, size).put(32, (byte) clusterBits);
    out.put(33, (byte) tableBits).putInt(36, crypt).putLong(40, first).put(LENGTH, name);
    FileBytes.write(file, 0, out);
  }

  /** Whole sectors. */
  long sectorsSize() {
    return (size + 511) & -512;
  }

  int clusterSize() {
    return 1 << clusterBits;
  }

  long tables() {
    int shift = clusterBits + tableBits;
    return (size + (1L << shift) - 1) >> shift;
  }
}
