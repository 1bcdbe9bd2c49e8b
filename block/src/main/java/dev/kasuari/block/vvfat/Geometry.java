package dev.kasuari.block.vvfat;

import dev.kasuari.block.BlockException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Where the parts of a disk are, in sectors, and its first sectors (Microsoft FAT specification,
 * "Boot sector and BPB"). Disks have the sizes that QEMU gives them.
 *
 * @param bits of an entry of the FAT
 * @param first where the volume begins: behind the partition table, if there is one
 * @param reserved sectors of the volume before its FATs
 * @param fat sectors of each of the two FATs
 * @param rootEntries of the directory that is not in clusters; 0 for FAT32
 */
record Geometry(
    int bits,
    int cylinders,
    int heads,
    int track,
    int first,
    int perCluster,
    int reserved,
    int fat,
    int rootEntries) {
  static final int SECTOR = 512;
  private static final int PER_SECTOR = SECTOR / DirectoryEntries.SIZE;
  private static final int DISK_FIRST = 63;
  private static final int SERIAL = 0x4b61_7375;
  private static final int FEWEST_ROOT_ENTRIES = 224;
  private static final int MOST_ROOT_ENTRIES = 65_520;

  /** FAT32: the sector with the count of free clusters, and the copies of the first ones. */
  private static final int INFO = 1;

  private static final int COPIES = 6;

  /**
   * The disk of that kind.
   *
   * @param type 12, 16, 32, or 0
   * @param rootEntries at least so many
   */
  static Geometry of(long type, boolean floppy, int rootEntries) {
    if (type != 0 && type != 12 && type != 16 && type != 32) {
      throw BlockException.invalid("Valid FAT types are only 12, 16 and 32");
    }
    if (floppy && type == 32) {
      throw BlockException.invalid("vvfat: a floppy disk has FAT12 or FAT16");
    }
    int bits = type != 0 ? (int) type : floppy ? 12 : 16;
    int entries = bits == 32 ? 0 : Math.max(FEWEST_ROOT_ENTRIES, rootEntries);
    entries = (entries + PER_SECTOR - 1) / PER_SECTOR * PER_SECTOR;
    if (entries > MOST_ROOT_ENTRIES) {
      throw BlockException.invalid("vvfat: too many names in the folder for its FAT; try FAT32");
    }
    if (floppy) {
      boolean small = type == 12;
      return sized(bits, 80, 2, small ? 18 : 36, 0, type == 0 ? 2 : 1, entries);
    }
    return sized(bits, bits == 12 ? 64 : 1024, 16, 63, DISK_FIRST, bits == 32 ? 8 : 16, entries);
  }

  private static Geometry sized(
      int bits, int cylinders, int heads, int track, int first, int perCluster, int entries) {
    int reserved = bits == 32 ? 32 : 1;
    int fat = 1;
    while (true) {
      var g =
          new Geometry(bits, cylinders, heads, track, first, perCluster, reserved, fat, entries);
      long bytes = ((g.clusters() + 2L) * bits + 7) / 8;
      int needed = (int) ((bytes + SECTOR - 1) / SECTOR);
      if (needed <= fat) {
        return g;
      }
      fat = needed;
    }
  }

  boolean floppy() {
    return first == 0;
  }

  long sectors() {
    return (long) cylinders * heads * track;
  }

  private long volume() {
    return sectors() - first;
  }

  int rootSectors() {
    return rootEntries / PER_SECTOR;
  }

  /** Where the first FAT begins. */
  int fats() {
    return first + reserved;
  }

  /** Where the root directory is that is not in clusters. */
  int root() {
    return fats() + 2 * fat;
  }

  /** Where cluster 2 begins. */
  int data() {
    return root() + rootSectors();
  }

  int clusters() {
    return (int) ((sectors() - data()) / perCluster);
  }

  int clusterBytes() {
    return perCluster * SECTOR;
  }

  private int media() {
    return floppy() ? 0xf0 : 0xf8;
  }

  /** The first two entries of a FAT, and the last of a chain. */
  long entryZero() {
    return (last() & ~0xffL) | media();
  }

  long last() {
    return bits == 32 ? 0x0fff_ffffL : (1L << bits) - 1;
  }

  /** The partition table: one partition. */
  byte[] masterBootRecord() {
    byte[] sector = new byte[SECTOR];
    ByteBuffer out = marked(sector);
    out.putInt(0x1b8, SERIAL);
    int at = 446;
    out.put(at, (byte) 0x80).put(at + 4, (byte) (bits == 12 ? 1 : bits == 16 ? 6 : 0xb));
    chs(out, at + 1, first);
    chs(out, at + 5, sectors() - 1);
    out.putInt(at + 8, first).putInt(at + 12, (int) volume());
    return sector;
  }

  private void chs(ByteBuffer out, int at, long sector) {
    long cylinder = sector / track / heads;
    out.put(at, (byte) (sector / track % heads));
    out.put(at + 1, (byte) ((sector % track + 1) | ((cylinder >>> 2) & 0xc0)));
    out.put(at + 2, (byte) cylinder);
  }

  /** A sector of those before the FATs. */
  byte[] reservedSector(int number, String label, long free) {
    int one = bits == 32 && number >= COPIES ? number - COPIES : number;
    return switch (one) {
      case 0 -> bootSector(label);
      case INFO -> infoSector(free);
      default -> {
        byte[] sector = new byte[SECTOR];
        if (one == 2) {
          var _ = marked(sector);
        }
        yield sector;
      }
    };
  }

  private byte[] bootSector(String label) {
    byte[] sector = new byte[SECTOR];
    ByteBuffer out = marked(sector);
    boolean wide = bits == 32;
    out.put(0, (byte) 0xeb).put(1, (byte) (wide ? 0x58 : 0x3c)).put(2, (byte) 0x90);
    out.put(3, "KASUARI ".getBytes(StandardCharsets.US_ASCII));
    out.putShort(11, (short) SECTOR).put(13, (byte) perCluster);
    out.putShort(14, (short) reserved).put(16, (byte) 2).putShort(17, (short) rootEntries);
    boolean small = volume() < 0x10000 && !wide;
    out.putShort(19, (short) (small ? volume() : 0)).put(21, (byte) media());
    out.putShort(22, (short) (wide ? 0 : fat)).putShort(24, (short) track);
    out.putShort(26, (short) heads).putInt(28, first).putInt(32, small ? 0 : (int) volume());
    if (wide) {
      out.putInt(36, fat).putInt(44, 2).putShort(48, (short) INFO).putShort(50, (short) COPIES);
    }
    int at = wide ? 64 : 36;
    out.put(at, (byte) (floppy() ? 0 : 0x80)).put(at + 2, (byte) 0x29).putInt(at + 3, SERIAL);
    byte[] name = (label + " ".repeat(ShortNames.LENGTH)).getBytes(StandardCharsets.UTF_8);
    out.put(at + 7, name, 0, ShortNames.LENGTH);
    out.put(at + 18, ("FAT" + bits + "   ").getBytes(StandardCharsets.US_ASCII));
    return sector;
  }

  private static byte[] infoSector(long free) {
    byte[] sector = new byte[SECTOR];
    ByteBuffer out = marked(sector);
    out.putInt(0, 0x4161_5252).putInt(484, 0x6141_7272).putInt(488, (int) free).putInt(492, -1);
    return sector;
  }

  /** The mark of a first sector, which others have too. */
  private static ByteBuffer marked(byte[] sector) {
    ByteBuffer out = ByteBuffer.wrap(sector).order(ByteOrder.LITTLE_ENDIAN);
    return out.put(510, (byte) 0x55).put(511, (byte) 0xaa);
  }
}
