package dev.kasuari.hw.scsi;

import java.nio.ByteBuffer;

/**
 * What is written on a DVD beside its blocks: one layer, pressed, protected by nothing. Source:
 * MMC-6, "READ DISC STRUCTURE".
 */
final class DvdStructure {
  private static final int PHYSICAL = 0;
  private static final int COPYRIGHT = 1;
  private static final int MANUFACTURING = 4;
  private static final int LIST = 0xff;

  /** Where data begin on such a disc, in sectors. */
  private static final int FIRST_SECTOR = 0x30000;

  /** Bytes of what describes a disc. */
  private static final int DESCRIPTOR = 2048;

  private static final int HEADER = 4;

  private DvdStructure() {}

  /**
   * The answer to a request for one.
   *
   * @param blocks of the disc
   * @throws ScsiFailure if there is none of that format
   */
  static byte[] of(int format, long blocks) throws ScsiFailure {
    ByteBuffer out =
        switch (format) {
          case PHYSICAL -> physical(blocks);
          case COPYRIGHT -> ByteBuffer.allocate(HEADER + 4);
          case MANUFACTURING -> ByteBuffer.allocate(HEADER + DESCRIPTOR);
          case LIST -> list();
          default -> throw ScsiFailure.of(Sense.INVALID_FIELD);
        };
    return out.putShort(0, (short) (out.capacity() - 2)).array();
  }

  private static ByteBuffer physical(long blocks) {
    ByteBuffer out = ByteBuffer.allocate(HEADER + DESCRIPTOR);
    out.position(HEADER);
    out.put((byte) 1); // DVD-ROM, version 1 of its part of the standard
    out.put((byte) 0xf); // 12 cm, no rate named
    out.put((byte) 1); // one layer, embossed
    out.put((byte) 0);
    out.putInt(FIRST_SECTOR).putInt((int) (FIRST_SECTOR + blocks - 1)).putInt(0);
    return out;
  }

  /** Which ones there are, each to be read. */
  private static ByteBuffer list() {
    ByteBuffer out = ByteBuffer.allocate(HEADER + 4 * 4);
    out.position(HEADER);
    entry(out, PHYSICAL, HEADER + DESCRIPTOR);
    entry(out, COPYRIGHT, HEADER + 4);
    entry(out, MANUFACTURING, HEADER + DESCRIPTOR);
    entry(out, LIST, HEADER + 4 * 4);
    return out;
  }

  private static void entry(ByteBuffer out, int format, int length) {
    out.put((byte) format).put((byte) 0x40).putShort((short) length);
  }
}
