package dev.kasuari.block.vdi;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.FileBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The first sector of an image (VirtualBox, {@code VDICore.h}: {@code VDIPREHEADER} and {@code
 * VDIHEADER1PLUS}). All numbers are little endian.
 */
final class Header {
  static final int SIZE = 512;
  static final int SIGNATURE = 0xbeda107f;
  static final int DYNAMIC = 1;
  static final int STATIC = 2;
  static final int BLOCK_SIZE = 1 << 20;

  /** As in QEMU; the table is 4 GiB then. */
  static final int MOST_BLOCKS = 0x3fff_ffff;

  private static final int VERSION = 0x0001_0001;
  private static final int HEADER_SIZE = 0x180;
  private static final String TEXT = "<<< Kasuari Virtual Disk Image >>>\n";

  final ByteBuffer bytes;

  private Header(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /**
   * Reads and checks a header.
   *
   * @throws BlockException naming what is wrong
   */
  static Header read(BlockNode file) {
    Header header = new Header(FileBytes.read(file, 0, SIZE, ByteOrder.LITTLE_ENDIAN));
    header.refuseNonsense(file.size());
    return header;
  }

  private void refuseNonsense(long fileSize) {
    if (bytes.getInt(0x40) != SIGNATURE) {
      throw BlockException.invalid("Image not in VDI format");
    }
    if (bytes.getInt(0x44) != VERSION) {
      throw BlockException.notSupported(
          "unsupported VDI image (version %d.%d)"
              .formatted(bytes.getShort(0x46) & 0xffff, bytes.getShort(0x44) & 0xffff));
    }
    refuseUnless(type() == DYNAMIC || type() == STATIC, "type " + type());
    refuseUnless(mapOffset() % 512 == 0, "unaligned block map offset " + mapOffset());
    refuseUnless(dataOffset() % 512 == 0, "unaligned data offset " + dataOffset());
    refuseUnless(bytes.getInt(0x168) == 512, "sector size " + bytes.getInt(0x168) + " is not 512");
    int block = bytes.getInt(0x178);
    refuseUnless(
        Integer.bitCount(block) == 1 && block >= 4096 && block <= 64 << 20, "block size " + block);
    refuseUnless(bytes.getInt(0x17c) == 0, "extra data before blocks");
    refuseUnless(
        blocks() >= 0 && blocks() <= MOST_BLOCKS, "too many blocks, " + (blocks() & 0xffffffffL));
    refuseUnless(
        bytes.getLong(0x170) >= 0 && size() <= (long) blocks() * block,
        "disk size "
            + bytes.getLong(0x170)
            + ", image bitmap has room for "
            + (long) blocks() * block);
    refuseUnless(zero(0x1a8), "non-NULL link UUID");
    refuseUnless(zero(0x1b8), "non-NULL parent UUID");
    long mapEnd = mapOffset() + blocks() * 4L;
    refuseUnless(
        mapOffset() >= SIZE && mapEnd <= fileSize, "block map that is not within the file");
    refuseUnless(dataOffset() >= mapEnd, "data offset " + dataOffset() + " within the block map");
  }

  private boolean zero(int uuid) {
    return bytes.getLong(uuid) == 0 && bytes.getLong(uuid + 8) == 0;
  }

  private static void refuseUnless(boolean right, String what) {
    if (!right) {
      throw BlockException.notSupported("unsupported VDI image (" + what + ")");
    }
  }

  /** The header of a new image. */
  static Header create(long size, boolean full) {
    Header h = new Header(ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN));
    int blocks = (int) ((size + BLOCK_SIZE - 1) / BLOCK_SIZE);
    h.bytes.put(0, TEXT.getBytes(StandardCharsets.US_ASCII));
    h.bytes.putInt(0x40, SIGNATURE).putInt(0x44, VERSION).putInt(0x48, HEADER_SIZE);
    h.bytes.putInt(0x4c, full ? STATIC : DYNAMIC);
    h.bytes.putInt(0x154, SIZE).putInt(0x158, SIZE + (blocks * 4 + 511 & -512));
    h.bytes.putInt(0x168, 512).putLong(0x170, size).putInt(0x178, BLOCK_SIZE);
    h.bytes.putInt(0x180, blocks).putInt(0x184, full ? blocks : 0);
    h.bytes.put(0x188, FileBytes.guid()).put(0x198, FileBytes.guid());
    return h;
  }

  int type() {
    return bytes.getInt(0x4c);
  }

  long mapOffset() {
    return bytes.getInt(0x154) & 0xffffffffL;
  }

  long dataOffset() {
    return bytes.getInt(0x158) & 0xffffffffL;
  }

  /** Of the disk, whole sectors. */
  long size() {
    return (bytes.getLong(0x170) + 511) & -512;
  }

  int blockSize() {
    return bytes.getInt(0x178);
  }

  int blocks() {
    return bytes.getInt(0x180);
  }

  int allocated() {
    return bytes.getInt(0x184);
  }

  void allocated(int count) {
    bytes.putInt(0x184, count);
  }

  void write(BlockNode file) {
    FileBytes.write(file, 0, bytes);
  }
}
