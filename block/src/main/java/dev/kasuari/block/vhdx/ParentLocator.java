package dev.kasuari.block.vhdx;

import static dev.kasuari.block.vhdx.Structure.refuse;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.block.table.ParentPath;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a differencing image says of the one behind it, by names that have values ([MS-VHDX]
 * 2.6.2.6, "Parent Locator").
 */
record ParentLocator(Map<String, String> said) {
  /** Bytes that one may have. */
  static final int MOST = 64 << 10;

  private static final String TYPE = "b04aefb7-d19e-4a81-b789-25b8e9445913";
  private static final String LINKAGE = "parent_linkage";
  private static final String OTHER_LINKAGE = "parent_linkage2";
  private static final String RELATIVE = "relative_path";
  private static final String VOLUME = "volume_path";
  private static final String ABSOLUTE = "absolute_win32_path";
  private static final int HEADER = 20;
  private static final int ENTRY = 12;

  /**
   * Reads and checks one.
   *
   * @throws BlockException naming what is wrong
   */
  static ParentLocator read(ByteBuffer in) {
    refuse(in.limit() < HEADER, "a parent locator of " + in.limit() + " bytes");
    refuse(!Structure.is(in, 0, TYPE), "a parent locator of an unknown type");
    int count = in.getShort(18) & 0xffff;
    refuse(HEADER + count * ENTRY > in.limit(), "a parent locator of " + count + " entries");
    var said = new LinkedHashMap<String, String>();
    for (int i = 0; i < count; i++) {
      int at = HEADER + i * ENTRY;
      String key = text(in, in.getInt(at), in.getShort(at + 8) & 0xffff);
      String value = text(in, in.getInt(at + 4), in.getShort(at + 10) & 0xffff);
      refuse(said.put(key, value) != null, "a parent locator that says " + key + " twice");
    }
    refuse(!said.containsKey(LINKAGE), "a parent locator without " + LINKAGE);
    return new ParentLocator(said);
  }

  private static String text(ByteBuffer in, int offset, int length) {
    refuse(
        offset < 0 || length > in.limit() || offset > in.limit() - length,
        "a parent locator that names bytes behind its end");
    byte[] bytes = new byte[length];
    in.get(offset, bytes);
    String text = new String(bytes, StandardCharsets.UTF_16LE);
    int end = text.indexOf('\0');
    return end < 0 ? text : text.substring(0, end);
  }

  /**
   * What a new image says.
   *
   * @param linkage {@link Header#dataWriteId} of the one behind it
   */
  static ParentLocator of(ParentPath path, byte[] linkage) {
    var said = new LinkedHashMap<String, String>();
    said.put(LINKAGE, text(linkage));
    said.put(RELATIVE, path.relative());
    said.put(ABSOLUTE, path.absolute());
    return new ParentLocator(said);
  }

  private static String text(byte[] guid) {
    ByteBuffer in = ByteBuffer.wrap(guid).order(ByteOrder.LITTLE_ENDIAN);
    long high = (long) in.getInt(0) << 32 | (in.getShort(4) & 0xffffL) << 16;
    high |= in.getShort(6) & 0xffffL;
    return "{" + new UUID(high, in.order(ByteOrder.BIG_ENDIAN).getLong(8)) + "}";
  }

  /**
   * The same for another state of the one behind it.
   *
   * @param linkage {@link Header#dataWriteId} of the one behind it
   * @param next what that is to be soon; null if it stays
   */
  ParentLocator with(byte[] linkage, byte @Nullable [] next) {
    var other = new LinkedHashMap<>(said);
    other.put(LINKAGE, text(linkage));
    other.remove(OTHER_LINKAGE);
    if (next != null) {
      other.put(OTHER_LINKAGE, text(next));
    }
    return new ParentLocator(other);
  }

  /**
   * Refuses an image that is not the one that it is for.
   *
   * @param name of the image, for the message
   */
  void requireFor(byte[] dataWriteId, String name) {
    if (!isFor(dataWriteId)) {
      throw BlockException.invalid(
          "vhdx: the image behind it, '%s', is not the one that it was made for, or was changed since"
              .formatted(name));
    }
  }

  /** True if it is for an image with that {@link Header#dataWriteId}. */
  boolean isFor(byte[] dataWriteId) {
    return same(LINKAGE, dataWriteId) || same(OTHER_LINKAGE, dataWriteId);
  }

  private boolean same(String key, byte[] id) {
    String text = said.getOrDefault(key, "").replaceAll("[{}]", "");
    try {
      return Arrays.equals(FileBytes.guid(UUID.fromString(text)), id);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /**
   * The name of the image behind, as this host writes names: the relative path if there is one,
   * otherwise the last part of another.
   */
  String name() {
    String relative = said.get(RELATIVE);
    if (relative != null) {
      return ParentPath.local(relative);
    }
    String other = said.getOrDefault(ABSOLUTE, said.get(VOLUME));
    return ParentPath.lastPart(Structure.required(other, "a parent locator without a path"));
  }

  /** As it stands in an image. */
  byte[] bytes() {
    int names = HEADER + said.size() * ENTRY;
    int length = names;
    for (Map.Entry<String, String> one : said.entrySet()) {
      length += 2 * (one.getKey().length() + one.getValue().length());
    }
    ByteBuffer out = Structure.allocate((length + 3) & -4);
    Structure.put(out, 0, TYPE);
    out.putShort(18, (short) said.size());
    int at = HEADER;
    for (Map.Entry<String, String> one : said.entrySet()) {
      byte[] key = one.getKey().getBytes(StandardCharsets.UTF_16LE);
      byte[] value = one.getValue().getBytes(StandardCharsets.UTF_16LE);
      out.putInt(at, names).putInt(at + 4, names + key.length);
      out.putShort(at + 8, (short) key.length).putShort(at + 10, (short) value.length);
      out.put(names, key).put(names + key.length, value);
      names += key.length + value.length;
      at += ENTRY;
    }
    byte[] all = new byte[out.limit()];
    out.get(0, all);
    return all;
  }
}
