package dev.kasuari.block.vmdk;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.FileBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The text that says of what a disk is made (VMware Virtual Disk Format 5.0, "The Disk
 * Descriptor").
 *
 * @param cid changes when the disk is written
 * @param parentCid the {@code cid} of what is behind it; {@link #NO_PARENT} if nothing is
 * @param cidOffset where the eight digits of {@code cid} stand in the file; −1 if they are not
 *     eight
 * @param parentCidOffset the same of {@code parentCid}
 */
record Descriptor(
    long cid,
    long parentCid,
    String createType,
    @Nullable String parentName,
    List<Line> extents,
    long cidOffset,
    long parentCidOffset) {
  static final long NO_PARENT = 0xffff_ffffL;
  private static final int MOST_BYTES = 1 << 20;
  private static final int MOST_EXTENTS = 4096;
  private static final Set<String> TYPES =
      Set.of(
          "monolithicSparse",
          "monolithicFlat",
          "twoGbMaxExtentSparse",
          "twoGbMaxExtentFlat",
          "streamOptimized",
          "vmfs");
  private static final Pattern EXTENT =
      Pattern.compile(
          "(RW|RDONLY|NOACCESS)\\s+(\\d{1,18})\\s+([A-Z]+)(?:\\s+\"([^\"]{1,1024})\"(?:\\s+(\\d{1,18}))?)?.*");
  private static final Pattern SETTING =
      Pattern.compile("\\s*([A-Za-z]+)\\s*=\\s*\"?([^\"]*)\"?\\s*");

  /**
   * A line about an extent.
   *
   * @param sectors of the disk that it has
   * @param kind {@code FLAT}, {@code SPARSE}, {@code ZERO}
   * @param file where; null for {@code ZERO}
   * @param offset where in it a flat one begins, sectors
   */
  record Line(String access, long sectors, String kind, @Nullable String file, long offset) {}

  /** Reads a descriptor of at most so many bytes. */
  static Descriptor read(BlockNode file, long offset, long length) {
    int size = Math.clamp(Math.min(length, file.size() - offset), 0, MOST_BYTES);
    ByteBuffer bytes = FileBytes.read(file, offset, size, ByteOrder.LITTLE_ENDIAN);
    byte[] all = new byte[size];
    bytes.get(0, all);
    String text = new String(all, StandardCharsets.ISO_8859_1);
    int end = text.indexOf('\0');
    return parse(end < 0 ? text : text.substring(0, end), offset);
  }

  private static Descriptor parse(String text, long offset) {
    long cid = 0;
    long parent = NO_PARENT;
    String type = "";
    String name = null;
    long cidOffset = -1;
    long parentOffset = -1;
    var extents = new ArrayList<Line>();
    int at = 0;
    for (String line : text.split("\n", -1)) {
      Matcher extent = EXTENT.matcher(line.strip());
      Matcher setting = SETTING.matcher(line);
      if (extent.matches()) {
        extents.add(line(extent));
      } else if (setting.matches()) {
        String value = setting.group(2).strip();
        long digits = value.length() == 8 ? offset + at + line.indexOf(value) : -1;
        switch (setting.group(1)) {
          case "CID" -> {
            cid = hex(value);
            cidOffset = digits;
          }
          case "parentCID" -> {
            parent = hex(value);
            parentOffset = digits;
          }
          case "createType" -> type = value;
          case "parentFileNameHint" -> name = utf8(value);
          default -> {}
        }
      }
      at += line.length() + 1;
    }
    if (!TYPES.contains(type)) {
      throw BlockException.notSupported("Unsupported image type '" + type + "'");
    }
    if (extents.isEmpty() || extents.size() > MOST_EXTENTS) {
      throw BlockException.invalid("vmdk: a disk of " + extents.size() + " extents");
    }
    boolean behind = parent != NO_PARENT && name != null && !name.isEmpty();
    return new Descriptor(
        cid, parent, type, behind ? name : null, extents, cidOffset, parentOffset);
  }

  private static String utf8(String value) {
    return new String(value.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  private static long hex(String value) {
    try {
      return Long.parseLong(value, 16) & 0xffff_ffffL;
    } catch (NumberFormatException e) {
      throw BlockException.invalid("vmdk: a content id of '" + value + "'");
    }
  }

  private static Line line(Matcher m) {
    String file = m.group(4);
    String kind = m.group(3);
    if (file == null && !kind.equals("ZERO")) {
      throw BlockException.invalid("vmdk: an extent without a file: " + m.group());
    }
    long offset = m.group(5) == null ? 0 : Long.parseLong(m.group(5));
    long sectors = Long.parseLong(m.group(2));
    if (sectors == 0 || sectors > Long.MAX_VALUE >> 16 || offset > Long.MAX_VALUE >> 16) {
      throw BlockException.invalid("vmdk: an extent of " + sectors + " sectors: " + m.group());
    }
    return new Line(m.group(1), sectors, kind, file == null ? null : utf8(file), offset);
  }

  /**
   * The text of a new one.
   *
   * @param extents a line each
   */
  static String text(
      int cid,
      long parentCid,
      String type,
      @Nullable String parent,
      List<String> extents,
      Ddb ddb) {
    var out = new StringBuilder("# Disk DescriptorFile\nversion=1\n");
    out.append("CID=%08x\nparentCID=%08x\ncreateType=\"%s\"\n".formatted(cid, parentCid, type));
    if (parent != null) {
      out.append("parentFileNameHint=\"").append(parent).append('"');
    }
    out.append("\n# Extent description\n");
    extents.forEach(extent -> out.append(extent).append('\n'));
    out.append("\n# The Disk Data Base\n#DDB\n\n");
    out.append("ddb.virtualHWVersion = \"%s\"\n".formatted(ddb.hardware));
    out.append("ddb.geometry.cylinders = \"%d\"\n".formatted(ddb.cylinders));
    out.append("ddb.geometry.heads = \"%d\"\n".formatted(ddb.heads));
    out.append("ddb.geometry.sectors = \"63\"\n");
    out.append("ddb.adapterType = \"%s\"\n".formatted(ddb.adapter));
    out.append("ddb.toolsVersion = \"%s\"\n".formatted(ddb.tools));
    return out.toString();
  }

  /** What a virtual machine that uses the disk shall know ("The Disk Database"). */
  record Ddb(String hardware, long cylinders, int heads, String adapter, String tools) {}
}
