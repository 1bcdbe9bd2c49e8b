package dev.kasuari.hw.scsi;

import java.util.Arrays;

/** A command descriptor block. Numbers in it are big-endian. Source: SPC-4, 4.2 "CDB usage". */
public final class Cdb {
  /** Fields of a block that is too short are zero. */
  private static final int LONGEST = 16;

  private final byte[] bytes;

  /** The block that begins with these bytes. */
  public Cdb(byte[] bytes) {
    this.bytes = Arrays.copyOf(bytes, Math.max(bytes.length, LONGEST));
  }

  /** What is to be done. */
  public int opcode() {
    return u8(0);
  }

  /** The byte at an offset, unsigned. */
  int u8(int offset) {
    return bytes[offset] & 0xff;
  }

  boolean bit(int offset, int mask) {
    return (bytes[offset] & mask) != 0;
  }

  int u16(int offset) {
    return u8(offset) << 8 | u8(offset + 1);
  }

  int u24(int offset) {
    return u8(offset) << 16 | u16(offset + 1);
  }

  long u32(int offset) {
    return (long) u16(offset) << 16 | u16(offset + 2);
  }

  long u64(int offset) {
    return u32(offset) << 32 | u32(offset + 4);
  }

  /** Bytes of the block, by the group of its operation code (SPC-4, 4.2.5.1); 0 for others. */
  int length() {
    return switch (opcode() >> 5) {
      case 0 -> 6;
      case 1, 2 -> 10;
      case 4 -> 16;
      case 5 -> 12;
      default -> 0;
    };
  }

  /** The first logical block; what is above 63 bits is negative. */
  long lba() {
    return switch (length()) {
      case 6 -> u24(1) & 0x1f_ffff;
      case 16 -> u64(2);
      default -> u32(2);
    };
  }

  /** How many blocks, bytes of parameters, or bytes that may be answered. */
  long count() {
    return switch (length()) {
      case 6 -> u8(4);
      case 10 -> u16(7);
      case 12 -> u32(6);
      default -> u32(10);
    };
  }

  /** As {@link #count} of a read or write: 0 in six bytes is 256. */
  long blocks() {
    return length() == 6 && u8(4) == 0 ? 256 : count();
  }
}
