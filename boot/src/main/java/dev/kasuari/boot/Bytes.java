package dev.kasuari.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A file's bytes as numbers; reading past the end is an error that names the file. Of a large file
 * only the beginning is read until somebody wants more.
 */
final class Bytes {
  /** Enough to know what it is, and for the headers of most. */
  private static final int BEGINNING = 1 << 16;

  private final String name;
  private final int length;

  /** Has all of the bytes where {@link #data} has the first of them; null if that has all. */
  private @Nullable KeptFile file;

  private byte[] data;
  private ByteBuffer view;

  Bytes(String name, byte[] data, ByteOrder order) {
    this(name, data.length, null, data, order);
  }

  private Bytes(String name, int length, @Nullable KeptFile file, byte[] data, ByteOrder order) {
    this.name = name;
    this.length = length;
    this.file = file;
    this.data = data;
    this.view = ByteBuffer.wrap(data).order(order);
  }

  static Bytes little(KeptFile file) throws BootException {
    int length = (int) file.size();
    byte[] first = file.first(Math.min(length, BEGINNING));
    return new Bytes(file.name(), length, file, first, ByteOrder.LITTLE_ENDIAN);
  }

  static Bytes little(String name, byte[] data) {
    return new Bytes(name, data, ByteOrder.LITTLE_ENDIAN);
  }

  static Bytes big(String name, byte[] data) {
    return new Bytes(name, data, ByteOrder.BIG_ENDIAN);
  }

  String name() {
    return name;
  }

  int length() {
    return length;
  }

  byte[] array() throws BootException {
    KeptFile rest = file;
    if (rest != null) {
      data = rest.bytes();
      view = ByteBuffer.wrap(data).order(view.order());
      file = null;
    }
    return data;
  }

  /** Puts all of them into memory. */
  void load(long address, MemoryWriter memory) throws BootException {
    KeptFile unread = file;
    if (unread != null) {
      memory.write(address, unread);
    } else {
      memory.write(address, data, 0, length);
    }
  }

  int u8(long offset) throws BootException {
    return view.get(at(offset, 1)) & 0xff;
  }

  int u16(long offset) throws BootException {
    return view.getShort(at(offset, 2)) & 0xffff;
  }

  long u32(long offset) throws BootException {
    return view.getInt(at(offset, 4)) & 0xffff_ffffL;
  }

  long u64(long offset) throws BootException {
    return view.getLong(at(offset, 8));
  }

  /** True if these bytes stand there; false if not or if the file ends before. */
  boolean has(long offset, int... bytes) throws BootException {
    if (offset < 0 || offset > length - bytes.length) {
      return false;
    }
    int from = at(offset, bytes.length);
    for (int i = 0; i < bytes.length; i++) {
      if ((data[from + i] & 0xff) != bytes[i]) {
        return false;
      }
    }
    return true;
  }

  /** True if this text of ASCII characters stands there. */
  boolean has(int offset, String text) throws BootException {
    return has(offset, text.chars().toArray());
  }

  byte[] copy(long offset, long length) throws BootException {
    int from = at(offset, length);
    return Arrays.copyOfRange(data, from, from + (int) length);
  }

  private int at(long offset, long size) throws BootException {
    if (offset < 0 || size < 0 || offset > length || size > length - offset) {
      throw new BootException(name + ": truncated: it has " + length + " bytes");
    }
    if (offset + size > data.length) {
      array();
    }
    return (int) offset;
  }
}
