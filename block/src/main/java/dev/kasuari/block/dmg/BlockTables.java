package dev.kasuari.block.dmg;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.FileBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where sectors are: tables ("mish") of a resource fork, or of a property list, in base64 there.
 * Each has a header of 204 bytes and 40 bytes for each chunk.
 */
final class BlockTables {
  private static final int MAGIC = 0x6d69_7368;
  private static final int HEADER = 204;
  private static final int ENTRY = 40;
  private static final String OPEN = "<data>";
  private static final String CLOSE = "</data>";

  private final BlockNode file;
  private final Trailer trailer;
  private final List<Chunk> chunks = new ArrayList<>();

  private BlockTables(BlockNode file, Trailer trailer) {
    this.file = file;
    this.trailer = trailer;
  }

  /**
   * All chunks in the order of their sectors; none overlaps another.
   *
   * @throws BlockException naming what is wrong
   */
  static List<Chunk> read(BlockNode file, Trailer trailer) {
    var tables = new BlockTables(file, trailer);
    if (trailer.resourceLength() != 0) {
      tables.fromResources();
    } else {
      tables.fromList();
    }
    return tables.sorted();
  }

  private ByteBuffer bytes(long offset, long length) {
    return FileBytes.read(file, offset, Math.toIntExact(length), ByteOrder.BIG_ENDIAN);
  }

  /** Its header says where its data is: a length before each resource. */
  private void fromResources() {
    ByteBuffer all = bytes(trailer.resources(), trailer.resourceLength());
    refuse(all.limit() < 16, "a resource fork of " + all.limit() + " bytes");
    long at = Integer.toUnsignedLong(all.getInt(0));
    long end = at + Integer.toUnsignedLong(all.getInt(8));
    refuse(end > all.limit(), "the data of the resource fork is not in it");
    while (at + 4 <= end) {
      long length = Integer.toUnsignedLong(all.getInt((int) at));
      at += 4;
      refuse(length > end - at, "a resource of " + length + " bytes is not in its fork");
      table(all.slice((int) at, (int) length));
      at += length;
    }
  }

  private void fromList() {
    byte[] text = bytes(trailer.list(), trailer.listLength()).array();
    String list = new String(text, StandardCharsets.ISO_8859_1);
    for (int at = list.indexOf(OPEN); at >= 0; at = list.indexOf(OPEN, at)) {
      int end = list.indexOf(CLOSE, at);
      refuse(end < 0, "the property list ends within data");
      String data = list.substring(at + OPEN.length(), end);
      table(ByteBuffer.wrap(Base64.getMimeDecoder().decode(whole(data))));
      at = end;
    }
  }

  /** What is no number of whole groups in base64 is somebody's mistake, and is not a table. */
  private static String whole(String data) {
    String packed = data.replaceAll("[^A-Za-z0-9+/=]", "");
    int end = packed.indexOf('=');
    int digits = end < 0 ? packed.length() : end;
    return packed.substring(0, digits % 4 == 1 ? digits - 1 : digits);
  }

  /** One table; what is something else is left alone. */
  private void table(ByteBuffer in) {
    ByteBuffer table = in.order(ByteOrder.BIG_ENDIAN);
    if (table.limit() < HEADER + ENTRY || table.getInt(0) != MAGIC) {
      return;
    }
    long first = table.getLong(8);
    long data = table.getLong(24);
    int count = (table.limit() - HEADER) / ENTRY;
    for (int i = 0; i < count; i++) {
      ByteBuffer entry = table.slice(HEADER + i * ENTRY, ENTRY).order(ByteOrder.BIG_ENDIAN);
      Chunk.Kind kind = kind(entry.getInt(0));
      if (kind != null) {
        add(kind, i, first, data, entry);
      }
    }
  }

  private static Chunk.@Nullable Kind kind(int type) {
    return switch (type) {
      case 0, 2 -> Chunk.Kind.ZERO;
      case 1 -> Chunk.Kind.RAW;
      case 0x8000_0004 -> Chunk.Kind.ADC;
      case 0x8000_0005 -> Chunk.Kind.ZLIB;
      case 0x8000_0006 -> Chunk.Kind.BZIP2;
      case 0x8000_0007 -> Chunk.Kind.LZFSE;
      case 0x8000_0008 -> Chunk.Kind.LZMA;
      case 0x7fff_fffe, 0xffff_ffff -> null; // a comment, the end
      default ->
          throw BlockException.notSupported(
              "dmg: chunks of type 0x" + Integer.toHexString(type) + " are not known");
    };
  }

  private void add(Chunk.Kind kind, int number, long first, long data, ByteBuffer entry) {
    long sectors = entry.getLong(16);
    long stored = entry.getLong(32);
    long start = first + entry.getLong(8);
    long offset = trailer.data() + data + entry.getLong(24);
    if (sectors == 0) {
      return;
    }
    long most = trailer.size() / Trailer.SECTOR;
    refuse(
        first < 0
            || first > most
            || start < 0
            || sectors < 0
            || start > most
            || sectors > most - start,
        "chunk %d is of sectors that the disk does not have".formatted(number));
    long length = sectors * Trailer.SECTOR;
    refuse(
        kind.packed() && length > Trailer.MOST,
        "sector count %d for chunk %d is larger than max (%d)"
            .formatted(sectors, number, Trailer.MOST / Trailer.SECTOR));
    boolean somewhere = kind != Chunk.Kind.ZERO;
    refuse(
        somewhere && kind.packed() && (stored < 0 || stored > Trailer.MOST),
        "length %d for chunk %d is larger than max (%d)".formatted(stored, number, Trailer.MOST));
    refuse(
        somewhere && (stored < 0 || offset < 0 || offset > file.size() - stored),
        "chunk %d is not in the file".formatted(number));
    refuse(
        kind == Chunk.Kind.RAW && stored < length,
        "chunk %d has %d bytes of %d".formatted(number, stored, length));
    chunks.add(new Chunk(kind, start * Trailer.SECTOR, length, offset, stored));
  }

  private List<Chunk> sorted() {
    chunks.sort(Comparator.comparingLong(Chunk::start));
    for (int i = 1; i < chunks.size(); i++) {
      refuse(
          chunks.get(i).start() < chunks.get(i - 1).end(),
          "two chunks have the sector " + chunks.get(i).start() / Trailer.SECTOR);
    }
    return List.copyOf(chunks);
  }

  private static void refuse(boolean wrong, String what) {
    if (wrong) {
      throw BlockException.invalid("dmg: " + what);
    }
  }
}
