package dev.kasuari.demo;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The demo guest's disk. Sector 0 says what it is:
 *
 * <pre>
 *    0  signature "KASUARI DISK 1", padded with zeros to 16 bytes
 *   16  how many sectors it has, 32 bits, little-endian
 *   20  the sector of the text
 *   24  the sector in which the guest counts its visits
 *   28  the sector of the note that "disk write" leaves
 * </pre>
 */
public final class DemoDisk {
  /** Bytes. */
  public static final int SIZE = 64 * 1024;

  static final String SIGNATURE = "KASUARI DISK 1";
  static final int SIGNATURE_SIZE = 16;
  static final int SECTORS = 16;
  static final int TEXT_SECTOR = 20;
  static final int VISITS_SECTOR = 24;
  static final int NOTE_SECTOR = 28;

  private static final int SECTOR = 512;

  private static final String TEXT =
      """
      The kasuari, or cassowary, is the emu's cousin from the islands around Java.
      It cannot fly, but it runs and swims, and whoever crosses its path makes way.
      """;

  private DemoDisk() {}

  /** A fresh disk; always the same bytes. */
  public static byte[] image() {
    var disk = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    disk.put(0, SIGNATURE.getBytes(StandardCharsets.US_ASCII));
    disk.putInt(SECTORS, SIZE / SECTOR);
    disk.putInt(TEXT_SECTOR, 1);
    disk.putInt(VISITS_SECTOR, 2);
    disk.putInt(NOTE_SECTOR, 3);
    disk.put(SECTOR, TEXT.getBytes(StandardCharsets.US_ASCII));
    return disk.array();
  }
}
