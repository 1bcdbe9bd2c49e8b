package dev.kasuari.block.vvfat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;

/**
 * What a directory is made of: 32 bytes for each file, with entries for its long name before
 * (Microsoft FAT specification, "FAT directory structure", "FAT long directory entries").
 */
final class DirectoryEntries {
  static final int SIZE = 32;
  static final int FOLDER = 0x10;
  static final int LABEL = 0x08;
  static final int FILE = 0x20;
  private static final int LONG_NAME = 0x0f;
  private static final int PER_ENTRY = 13;
  private static final int LAST = 0x40;

  /** Where the 13 characters of an entry are. */
  private static final int[] PLACES = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};

  private static final int FIRST_YEAR = 1980;
  private static final int YEARS = 127;

  private final ByteBuffer out;

  DirectoryEntries(int entries) {
    out = ByteBuffer.allocate(entries * SIZE).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** How many a file needs. */
  static int count(Folder.Item item) {
    return 1 + (item.shortName().whole() ? 0 : (item.name().length() + PER_ENTRY - 1) / PER_ENTRY);
  }

  byte[] bytes() {
    return out.array();
  }

  void label(String label) {
    byte[] name = (label + " ".repeat(ShortNames.LENGTH)).getBytes(StandardCharsets.UTF_8);
    entry(java.util.Arrays.copyOf(name, ShortNames.LENGTH), LABEL, 0, 0, null);
  }

  /** The folder itself, or the one that it is in. */
  void dots(String dots, long cluster) {
    byte[] name = (dots + " ".repeat(ShortNames.LENGTH)).getBytes(StandardCharsets.US_ASCII);
    entry(java.util.Arrays.copyOf(name, ShortNames.LENGTH), FOLDER, cluster, 0, null);
  }

  void item(Folder.Item item, long cluster) {
    byte[] name = item.shortName().bytes();
    longName(item, name);
    boolean folder = item.inside() != null;
    entry(name, folder ? FOLDER : FILE, cluster, item.size(), item.changed());
  }

  private void longName(Folder.Item item, byte[] shortName) {
    String name = item.name();
    int count = count(item) - 1;
    for (int i = count; i > 0; i--) {
      int at = out.position();
      out.put(at, (byte) (i | (i == count ? LAST : 0)));
      out.put(at + 11, (byte) LONG_NAME).put(at + 13, sum(shortName));
      for (int c = 0; c < PER_ENTRY; c++) {
        int index = (i - 1) * PER_ENTRY + c;
        int behind = index == name.length() ? 0 : 0xffff;
        int letter = index < name.length() ? name.charAt(index) : behind;
        out.putShort(at + PLACES[c], (short) letter);
      }
      out.position(at + SIZE);
    }
  }

  private static byte sum(byte[] name) {
    int sum = 0;
    for (byte b : name) {
      sum = (((sum & 1) << 7) + (sum >>> 1) + (b & 0xff)) & 0xff;
    }
    return (byte) sum;
  }

  private void entry(
      byte[] name,
      int attributes,
      long cluster,
      long size,
      @org.jspecify.annotations.Nullable LocalDateTime changed) {
    int at = out.position();
    out.put(at, name).put(at + 11, (byte) attributes);
    int date = date(changed);
    int time = changed == null ? 0 : time(changed);
    out.putShort(at + 14, (short) time).putShort(at + 16, (short) date);
    out.putShort(at + 18, (short) date);
    out.putShort(at + 20, (short) (cluster >>> 16));
    out.putShort(at + 22, (short) time).putShort(at + 24, (short) date);
    out.putShort(at + 26, (short) cluster).putInt(at + 28, (int) size);
    out.position(at + SIZE);
  }

  private static int date(@org.jspecify.annotations.Nullable LocalDateTime t) {
    if (t == null) {
      return (1 << 5) | 1;
    }
    int year = Math.clamp(t.getYear() - FIRST_YEAR, 0, YEARS);
    return (year << 9) | (t.getMonthValue() << 5) | t.getDayOfMonth();
  }

  private static int time(LocalDateTime t) {
    return (t.getHour() << 11) | (t.getMinute() << 5) | (t.getSecond() / 2);
  }
}
