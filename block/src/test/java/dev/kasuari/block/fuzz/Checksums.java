package dev.kasuari.block.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** Checksums of images with wrong bytes, so that what they guard is looked at. */
final class Checksums {
  private Checksums() {}

  /** Makes them right where an image is long enough to have them. */
  static void seal(String format, byte[] image) {
    ByteBuffer bytes = ByteBuffer.wrap(image);
    if (format.equals("vhdx")) {
      for (int i = 1; i <= 4; i++) {
        int length = i <= 2 ? 4096 : 65536;
        if (image.length < i * 65536 + length) {
          return;
        }
        ByteBuffer part = bytes.slice(i * 65536, length).order(ByteOrder.LITTLE_ENDIAN);
        part.putInt(4, 0);
        var crc = new CRC32C();
        crc.update(part.duplicate());
        part.putInt(4, (int) crc.getValue());
      }
    } else if (format.equals("luks")) {
      // Not checksums, but counts of iterations, which are not to take long.
      for (int at = 164; at < 592 && at + 4 <= image.length; at += 48) {
        bytes.putInt(at, bytes.getInt(at) & 0x3ff);
      }
    } else if (format.equals("vpc")) {
      sum(bytes, 0, 512, 64);
      sum(bytes, 512, 1024, 36);
      sum(bytes, Math.max(0, image.length - 512), 512, 64);
    }
  }

  private static void sum(ByteBuffer bytes, int at, int length, int checksum) {
    if (bytes.limit() < at + length) {
      return;
    }
    bytes.putInt(at + checksum, 0);
    int sum = 0;
    for (int i = 0; i < length; i++) {
      sum += bytes.get(at + i) & 0xff;
    }
    bytes.putInt(at + checksum, ~sum);
  }
}
