package dev.kasuari.block.packed;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.zip.DeflaterOutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.jspecify.annotations.Nullable;

/** Makes images of the formats that Kasuari only reads, by their descriptions. */
public final class PackedImages {
  private static final int SECTOR = 512;

  private PackedImages() {}

  /** A disk with some zeroes, some that compresses, and some that does not. */
  public static byte[] disk(Random random, int sectors) {
    byte[] disk = new byte[sectors * SECTOR];
    for (int at = 0; at < disk.length; ) {
      int n = Math.min(disk.length - at, (1 + random.nextInt(60)) * SECTOR);
      switch (random.nextInt(3)) {
        case 0 -> Arrays.fill(disk, at, at + n, (byte) random.nextInt());
        case 1 -> {
          byte[] noise = new byte[n];
          random.nextBytes(noise);
          System.arraycopy(noise, 0, disk, at, n);
        }
        default -> {} // zeroes
      }
      at += n;
    }
    return disk;
  }

  /** A growing image of Bochs, with extents in any order. */
  public static byte[] bochs(byte[] disk, int version, int extentSize, Random random) {
    int extents = (disk.length + extentSize - 1) / extentSize;
    int bitmap = Math.max(1, extentSize / SECTOR / 8);
    int room = (bitmap + SECTOR - 1) / SECTOR * SECTOR;
    int entries = extents + random.nextInt(5);
    int data = SECTOR + entries * 4;
    var order = new ArrayList<Integer>();
    for (int i = 0; i < extents; i++) {
      if (!zero(disk, i * extentSize, extentSize)) {
        order.add(i);
      }
    }
    java.util.Collections.shuffle(order, random);
    ByteBuffer out =
        ByteBuffer.allocate(data + order.size() * (room + extentSize))
            .order(ByteOrder.LITTLE_ENDIAN);
    out.put(0, "Bochs Virtual HD Image".getBytes(StandardCharsets.US_ASCII));
    out.put(32, "Redolog".getBytes(StandardCharsets.US_ASCII));
    out.put(48, "Growing".getBytes(StandardCharsets.US_ASCII));
    out.putInt(64, version == 1 ? 0x10000 : 0x20000).putInt(68, SECTOR).putInt(72, entries);
    out.putInt(76, bitmap).putInt(80, extentSize).putLong(version == 1 ? 84 : 88, disk.length);
    for (int i = 0; i < entries; i++) {
      out.putInt(SECTOR + i * 4, order.indexOf(i));
    }
    for (int n = 0; n < order.size(); n++) {
      int place = data + n * (room + extentSize);
      int from = order.get(n) * extentSize;
      for (int at = from; at < Math.min(disk.length, from + extentSize); at += SECTOR) {
        int sector = (at - from) / SECTOR;
        if (!zero(disk, at, SECTOR)) {
          int bits = out.get(place + sector / 8) | (1 << (sector % 8));
          out.put(place + sector / 8, (byte) bits);
          out.put(place + room + sector * SECTOR, disk, at, SECTOR);
        }
      }
    }
    return out.array();
  }

  /** A compressed loop image of version 2; the disk is a number of whole blocks. */
  public static byte[] cloop(byte[] disk, int blockSize) {
    int blocks = disk.length / blockSize;
    var packed = new ByteArrayOutputStream();
    ByteBuffer head = ByteBuffer.allocate(136 + (blocks + 1) * 8);
    head.put(
        0,
        "#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0 && mount -r -t iso9660 /dev/cloop $1\n"
            .getBytes(StandardCharsets.US_ASCII));
    head.putInt(128, blockSize).putInt(132, blocks);
    for (int i = 0; i <= blocks; i++) {
      head.putLong(136 + i * 8, head.limit() + packed.size());
      if (i < blocks) {
        packed.writeBytes(zlib(Arrays.copyOfRange(disk, i * blockSize, (i + 1) * blockSize)));
      }
    }
    return joined(head.array(), packed.toByteArray());
  }

  /** How an image of Apple's says where its tables are. */
  public enum Tables {
    RESOURCES,
    LIST
  }

  /** A chunk of an image of Apple's: its type, sectors, and bytes. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Part(int type, int first, int sectors, byte[] stored) {}

  /**
   * Chunks of all kinds that are read.
   *
   * @param bzip2 packs by bzip2, or null for none of these
   */
  public static List<Part> parts(
      byte[] disk, Random random, @Nullable UnaryOperator<byte[]> bzip2) {
    var parts = new ArrayList<Part>();
    for (int at = 0; at < disk.length; ) {
      int n = Math.min(disk.length - at, (1 + random.nextInt(200)) * SECTOR);
      byte[] bytes = Arrays.copyOfRange(disk, at, at + n);
      int how = random.nextInt(zero(disk, at, n) ? 5 : 3);
      boolean other = how == 2 && bzip2 != null;
      int type = new int[] {1, 0x8000_0005, other ? 0x8000_0006 : 0x8000_0005, 0, 2}[how];
      byte[] stored =
          switch (how) {
            case 0 -> bytes;
            case 1 -> zlib(bytes);
            case 2 -> bzip2 == null ? zlib(bytes) : bzip2.apply(bytes);
            default -> new byte[0];
          };
      parts.add(new Part(type, at / SECTOR, n / SECTOR, stored));
      at += n;
    }
    return parts;
  }

  /** An image of Apple's with these chunks, in two tables. */
  public static byte[] dmg(List<Part> parts, int sectors, Tables where) {
    var data = new ByteArrayOutputStream();
    data.writeBytes(new byte[7]); // nothing is aligned
    int middle = parts.size() / 2;
    byte[] one = table(parts.subList(0, middle), data);
    byte[] two = table(parts.subList(middle, parts.size()), data);
    int at = data.size();
    byte[] tables = where == Tables.LIST ? list(one, two) : resources(one, two);
    data.writeBytes(tables);
    ByteBuffer trailer = ByteBuffer.allocate(SECTOR);
    trailer.putInt(0, 0x6b6f_6c79).putInt(4, 4).putInt(8, SECTOR);
    trailer.putLong(0x18, 7).putLong(0x20, at - 7);
    trailer.putLong(where == Tables.LIST ? 0xd8 : 0x28, at);
    trailer.putLong(where == Tables.LIST ? 0xe0 : 0x30, tables.length);
    trailer.putLong(0x1ec, sectors);
    data.writeBytes(trailer.array());
    return data.toByteArray();
  }

  private static byte[] table(List<Part> parts, ByteArrayOutputStream data) {
    int count = parts.size() + 2;
    ByteBuffer out = ByteBuffer.allocate(204 + count * 40);
    int first = parts.isEmpty() ? 0 : parts.getFirst().first();
    out.putInt(0, 0x6d69_7368).putInt(4, 1).putLong(8, first).putInt(200, count);
    int at = 204;
    out.putInt(at, 0x7fff_fffe); // a comment
    at += 40;
    for (Part part : parts) {
      out.putInt(at, part.type()).putLong(at + 8, part.first() - first);
      out.putLong(at + 16, part.sectors()).putLong(at + 24, data.size() - 7);
      out.putLong(at + 32, part.stored().length);
      data.writeBytes(part.stored());
      at += 40;
    }
    out.putInt(at, -1);
    return out.array();
  }

  private static byte[] list(byte[]... tables) {
    var xml = new StringBuilder("<?xml version=\"1.0\"?>\n<plist><dict><key>resource-fork</key>\n");
    xml.append("<dict><key>blkx</key><array>\n");
    for (byte[] table : tables) {
      xml.append("<dict><key>Attributes</key><string>0x0050</string><key>Data</key><data>\n");
      xml.append(Base64.getMimeEncoder(60, new byte[] {'\n', '\t'}).encodeToString(table));
      xml.append("\n</data></dict>\n");
    }
    xml.append("</array><key>plst</key><array><dict><key>Data</key><data>AAAAAA==</data></dict>");
    return xml.append("</array></dict></dict></plist>\n")
        .toString()
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] resources(byte[]... tables) {
    int length = 0;
    for (byte[] table : tables) {
      length += 4 + table.length;
    }
    ByteBuffer out = ByteBuffer.allocate(256 + length + 100);
    out.putInt(0, 256).putInt(4, 256 + length).putInt(8, length).putInt(12, 100);
    out.position(256);
    for (byte[] table : tables) {
      out.putInt(table.length).put(table);
    }
    return out.array();
  }

  private static boolean zero(byte[] disk, int at, int length) {
    for (int i = at; i < Math.min(at + length, disk.length); i++) {
      if (disk[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private interface Packer {
    OutputStream over(OutputStream out) throws IOException;
  }

  private static byte[] zlib(byte[] bytes) {
    return packed(bytes, DeflaterOutputStream::new);
  }

  /** Packs by the library that unpacks, too. */
  public static byte[] bzip2(byte[] bytes) {
    return packed(bytes, out -> new BZip2CompressorOutputStream(out, 1));
  }

  private static byte[] packed(byte[] bytes, Packer packer) {
    var out = new ByteArrayOutputStream();
    try (OutputStream packed = packer.over(out)) {
      packed.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static byte[] joined(byte[] a, byte[] b) {
    byte[] out = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, out, a.length, b.length);
    return out;
  }
}
