package dev.kasuari.block.vpc;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.FileBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The last sector of an image, of which a dynamic one has a copy at the front (Virtual Hard Disk
 * Image Format Specification 1.0, "Hard Disk Footer Format"). All numbers are big endian.
 */
final class Footer {
  static final int SIZE = 512;
  static final int FIXED = 2;
  static final int DYNAMIC = 3;
  static final int DIFFERENCING = 4;

  /** 2040 GiB: sector numbers of a dynamic image have 32 bits. */
  static final long MOST_SECTORS = 0xff00_0000L;

  /** The year 2000, seconds since the epoch. */
  private static final long EPOCH = 946_684_800;

  private static final byte[] COOKIE = "conectix".getBytes(StandardCharsets.US_ASCII);

  final ByteBuffer bytes;

  private Footer(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /**
   * Finds the footer: at the front if the image is dynamic, otherwise at the end.
   *
   * @throws BlockException if there is none
   */
  static Footer read(BlockNode file) {
    Footer first = at(file, 0);
    if (first != null && first.whole()) {
      return first;
    }
    Footer last = file.size() < SIZE ? null : at(file, file.size() - SIZE);
    if (last == null && first == null) {
      throw BlockException.invalid("invalid VPC image");
    }
    if (last == null || !last.whole()) {
      throw BlockException.invalid("vpc: the footer's checksum is wrong");
    }
    return last;
  }

  private static @Nullable Footer at(BlockNode file, long offset) {
    ByteBuffer bytes = FileBytes.read(file, offset, SIZE, ByteOrder.BIG_ENDIAN);
    byte[] cookie = new byte[8];
    bytes.get(0, cookie);
    return java.util.Arrays.equals(cookie, COOKIE) ? new Footer(bytes) : null;
  }

  private boolean whole() {
    return bytes.getInt(64) == checksum(bytes, SIZE, 64);
  }

  /** The complement of the sum of all bytes but the checksum's own. */
  static int checksum(ByteBuffer bytes, int length, int at) {
    int sum = 0;
    for (int i = 0; i < length; i++) {
      sum += i >= at && i < at + 4 ? 0 : bytes.get(i) & 0xff;
    }
    return ~sum;
  }

  /** The footer of a new image. */
  static Footer create(long size, ChsGeometry geometry, int type) {
    ByteBuffer out = ByteBuffer.allocate(SIZE).order(ByteOrder.BIG_ENDIAN);
    out.put(0, COOKIE).putInt(8, 2).putInt(12, 0x0001_0000);
    out.putLong(16, type == FIXED ? -1 : SIZE);
    out.putInt(24, seconds(Instant.now().getEpochSecond()));
    // By this creator readers know that the size below counts, and not the geometry.
    out.put(28, "qem2".getBytes(StandardCharsets.US_ASCII)).putInt(32, 0x0005_0003);
    out.put(36, "Wi2k".getBytes(StandardCharsets.US_ASCII));
    out.putLong(40, size).putLong(48, size);
    out.putShort(56, (short) geometry.cylinders());
    out.put(58, (byte) geometry.heads()).put(59, (byte) geometry.sectors()).putInt(60, type);
    UUID id = UUID.randomUUID();
    out.putLong(68, id.getMostSignificantBits()).putLong(76, id.getLeastSignificantBits());
    out.putInt(64, checksum(out, SIZE, 64));
    return new Footer(out);
  }

  /** The footer of a new image with what differs from this one's. */
  Footer child() {
    ByteBuffer out = ByteBuffer.allocate(SIZE).order(ByteOrder.BIG_ENDIAN);
    out.put(0, bytes, 0, SIZE);
    out.putLong(16, SIZE).putInt(24, seconds(Instant.now().getEpochSecond()));
    UUID id = UUID.randomUUID();
    out.putInt(60, DIFFERENCING);
    out.putLong(68, id.getMostSignificantBits()).putLong(76, id.getLeastSignificantBits());
    out.putInt(64, checksum(out, SIZE, 64));
    return new Footer(out);
  }

  /** A time as images have it. */
  static int seconds(long ofEpoch) {
    return (int) (ofEpoch - EPOCH);
  }

  int type() {
    return bytes.getInt(60);
  }

  /** Where the header of a dynamic image is. */
  long dataOffset() {
    return bytes.getLong(16);
  }

  long currentSize() {
    return bytes.getLong(48);
  }

  UUID id() {
    return new UUID(bytes.getLong(68), bytes.getLong(76));
  }

  ChsGeometry geometry() {
    return new ChsGeometry(bytes.getShort(56) & 0xffff, bytes.get(58) & 0xff, bytes.get(59) & 0xff);
  }

  /**
   * Bytes of the disk. Virtual PC goes by the geometry; Hyper-V and some others, which are known by
   * their names, by the size.
   */
  long size(VpcDriver.@Nullable SizeCalculation forced) {
    byte[] creator = new byte[4];
    bytes.get(28, creator);
    boolean current =
        switch (new String(creator, StandardCharsets.ISO_8859_1)) {
          case "win ", "qem2", "d2v ", "tap\0", "CTXS" -> true;
          default -> geometry().equals(ChsGeometry.LARGEST);
        };
    if (forced != null) {
      current = forced == VpcDriver.SizeCalculation.CURRENT_SIZE;
    }
    return current ? currentSize() & -512 : geometry().total() * 512;
  }

  void write(BlockNode file, long offset) {
    FileBytes.write(file, offset, bytes);
  }
}
