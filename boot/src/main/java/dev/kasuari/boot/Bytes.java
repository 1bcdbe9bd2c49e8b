package dev.kasuari.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A file's bytes as numbers; reading past the end is an error that names the file. */
final class Bytes {
  private final String name;
  private final byte[] data;
  private final ByteBuffer view;

  Bytes(String name, byte[] data, ByteOrder order) {
    this.name = name;
    this.data = data;
    this.view = ByteBuffer.wrap(data).order(order);
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
    return data.length;
  }

  byte[] array() {
    return data;
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
  boolean has(long offset, int... bytes) {
    if (offset < 0 || offset > data.length - bytes.length) {
      return false;
    }
    for (int i = 0; i < bytes.length; i++) {
      if ((data[(int) offset + i] & 0xff) != bytes[i]) {
        return false;
      }
    }
    return true;
  }

  /** True if this text of ASCII characters stands there. */
  boolean has(int offset, String text) {
    return has(offset, text.chars().toArray());
  }

  byte[] copy(long offset, long length) throws BootException {
    int from = at(offset, length);
    return Arrays.copyOfRange(data, from, from + (int) length);
  }

  private int at(long offset, long size) throws BootException {
    if (offset < 0 || size < 0 || offset > data.length || size > data.length - offset) {
      throw new BootException(name + ": truncated: it has " + data.length + " bytes");
    }
    return (int) offset;
  }
}
