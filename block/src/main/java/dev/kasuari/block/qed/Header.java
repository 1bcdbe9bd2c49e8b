package dev.kasuari.block.qed;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.FileBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The beginning of an image (QED Image File Format, "Header"). All numbers are little endian. What
 * changes while an image is open is in the first sector.
 */
final class Header {
  static final int MAGIC = 0x0044_4551;
  static final long BACKING = 1;
  static final long NEED_CHECK = 2;
  static final long BACKING_IS_RAW = 4;
  private static final int LENGTH = 64;
  private static final int MOST_NAME = 1023;
  private static final int SECTOR = 512;

  /** Places for names behind the first sector, of which no name covers all. */
  private static final int[] PLACES = {SECTOR, 3 * SECTOR, 5 * SECTOR};

  int clusterSize;
  int tableClusters;
  int headerClusters = 1;
  long features;
  long l1Offset;
  long size;
  @Nullable String backingFile;

  /** Where in the file its name is. */
  private int nameOffset = LENGTH;

  /**
   * Reads and checks a header.
   *
   * @throws BlockException naming what is wrong
   */
  static Header read(BlockNode file) {
    ByteBuffer in = FileBytes.read(file, 0, LENGTH, ByteOrder.LITTLE_ENDIAN);
    if (in.getInt(0) != MAGIC) {
      throw BlockException.invalid("Image not in QED format");
    }
    Header h = new Header();
    h.clusterSize = in.getInt(4);
    h.tableClusters = in.getInt(8);
    h.headerClusters = in.getInt(12);
    h.features = in.getLong(16);
    h.l1Offset = in.getLong(40);
    h.size = in.getLong(48);
    h.refuseNonsense(file.size());
    if ((h.features & BACKING) != 0) {
      h.readName(file, in.getInt(56), in.getInt(60));
    }
    return h;
  }

  private void refuseNonsense(long fileSize) {
    long unknown = features & ~(BACKING | NEED_CHECK | BACKING_IS_RAW);
    if (unknown != 0) {
      throw BlockException.notSupported("Unsupported QED features: %x".formatted(unknown));
    }
    refuseGeometry();
    refuse(size < 0 || size > most(), "a disk of " + size + " bytes");
    refuse(size % 512 != 0, "a disk of " + size + " bytes");
    refuse(
        headerClusters < 1 || headerClusters > 64, "a header of " + headerClusters + " clusters");
    refuse(
        l1Offset % clusterSize != 0
            || l1Offset < (long) headerClusters * clusterSize
            || l1Offset > fileSize - tableBytes(),
        "an L1 table at " + l1Offset);
  }

  /** Refuses sizes of clusters and tables that there are not. */
  void refuseGeometry() {
    if (clusterSize < 4096 || clusterSize > 64 << 20 || Integer.bitCount(clusterSize) != 1) {
      throw BlockException.invalid(
          "QED cluster size must be within range [4096, 67108864] and power of 2");
    }
    if (tableClusters < 1 || tableClusters > 16 || Integer.bitCount(tableClusters) != 1) {
      throw BlockException.invalid("QED table size must be within range [1, 16] and power of 2");
    }
  }

  private static void refuse(boolean wrong, String what) {
    if (wrong) {
      throw BlockException.invalid("qed: " + what);
    }
  }

  private void readName(BlockNode file, int offset, int length) {
    refuse(
        length < 0
            || length > MOST_NAME
            || offset < 0
            || offset > (long) headerClusters * clusterSize - length,
        "the name of a backing file that is not in the header");
    byte[] name = new byte[length];
    FileBytes.read(file, offset, length, ByteOrder.LITTLE_ENDIAN).get(0, name);
    backingFile = new String(name, StandardCharsets.UTF_8);
    nameOffset = offset;
  }

  @Nullable String backingFormat() {
    return backingFile != null && (features & BACKING_IS_RAW) != 0 ? "raw" : null;
  }

  /** The largest disk, bytes. */
  long most() {
    return Math.multiplyHigh(entries() * entries(), clusterSize) != 0
        ? Long.MAX_VALUE
        : entries() * entries() * clusterSize;
  }

  long tableBytes() {
    return (long) tableClusters * clusterSize;
  }

  /** Of a table. */
  long entries() {
    return tableBytes() / 8;
  }

  /** Names another backing file, or none; {@link #changeName} brings it to the file. */
  void backing(@Nullable String name, @Nullable String format) {
    backingFile = name;
    features &= NEED_CHECK;
    if (name != null) {
      features |= BACKING | ("raw".equals(format) ? BACKING_IS_RAW : 0);
    }
  }

  private byte[] name() {
    byte[] name = backingFile == null ? new byte[0] : backingFile.getBytes(StandardCharsets.UTF_8);
    refuse(name.length > MOST_NAME, "the name of the backing file is too long");
    return name;
  }

  /**
   * Writes a header with another name: with it if both are in one sector, and otherwise when the
   * name is on the medium in a place where the old one is not.
   */
  void changeName(BlockNode file) {
    byte[] name = name();
    if (LENGTH + name.length <= SECTOR) {
      nameOffset = LENGTH;
    } else {
      nameOffset = otherPlace(nameOffset & -SECTOR, nameOffset + MOST_NAME);
      FileBytes.write(file, nameOffset, ByteBuffer.wrap(name));
      file.flush();
    }
    write(file);
  }

  private static int otherPlace(int start, int end) {
    for (int place : PLACES) {
      if (place >= end || place + 2 * SECTOR <= start) {
        return place;
      }
    }
    throw new IllegalStateException("a name from " + start + " to " + end);
  }

  /** Writes the first sector, and the name if it is a new image's. */
  void write(BlockNode file) {
    byte[] name = name();
    int behind = nameOffset == LENGTH ? name.length : 0;
    ByteBuffer out = ByteBuffer.allocate(LENGTH + behind).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(0, MAGIC).putInt(4, clusterSize).putInt(8, tableClusters);
    out.putInt(12, headerClusters).putLong(16, features).putLong(40, l1Offset).putLong(48, size);
    out.putInt(56, name.length == 0 ? 0 : nameOffset).putInt(60, name.length);
    out.put(LENGTH, name, 0, behind);
    FileBytes.write(file, 0, out);
  }
}
