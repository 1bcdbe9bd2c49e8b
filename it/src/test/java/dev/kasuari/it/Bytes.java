package dev.kasuari.it;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** 64-bit words in little-endian byte arrays. */
final class Bytes {
  private Bytes() {}

  static long getLong(byte[] bytes, int at) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(at);
  }

  static void putLong(byte[] bytes, int at, long value) {
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(at, value);
  }
}
