package dev.kasuari.target.arm.translate;

import dev.kasuari.tcg.ir.Helper;

/**
 * CRC32 and CRC32C over the low bytes of a register. Arguments: the checksum so far, the data, how
 * many bits of it. Source: DDI 0487, C6.2 "CRC32B, CRC32H, CRC32W, CRC32X".
 *
 * <p>The manual reverses the bits of both, divides, and reverses the remainder; that is the same as
 * dividing from the other end by the reversed polynomial.
 */
final class Checksum implements Helper {
  static final Helper CRC32 = new Checksum("crc32", 0xedb8_8320);
  static final Helper CRC32C = new Checksum("crc32c", 0x82f6_3b78);

  private final String name;

  /** What a byte alone leaves. */
  private final int[] table = new int[256];

  private Checksum(String name, int polynomial) {
    this.name = name;
    for (int i = 0; i < table.length; i++) {
      int remainder = i;
      for (int bit = 0; bit < 8; bit++) {
        remainder = remainder >>> 1 ^ ((remainder & 1) != 0 ? polynomial : 0);
      }
      table[i] = remainder;
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long call(Context context, long checksum, long data, long bits) {
    int crc = (int) checksum;
    for (int bit = 0; bit < bits; bit += 8) {
      crc = table[(crc ^ (int) (data >>> bit)) & 0xff] ^ crc >>> 8;
    }
    return crc;
  }
}
