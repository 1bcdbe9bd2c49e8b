package dev.kasuari.block.ssh;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A request that is put together: its length, its type, its id, and what belongs to it. */
final class SftpRequest {
  private static final int HEAD = 9;
  private static final int NUMBERS = 64;

  private final ByteBuffer bytes;

  /**
   * Begins.
   *
   * @param room for strings and data, bytes
   */
  SftpRequest(int type, int room) {
    bytes = ByteBuffer.allocate(HEAD + NUMBERS + room);
    bytes.putInt(0).put((byte) type).putInt(0);
  }

  SftpRequest number(int value) {
    bytes.putInt(value);
    return this;
  }

  SftpRequest number(long value) {
    bytes.putLong(value);
    return this;
  }

  SftpRequest string(byte[] value) {
    bytes.putInt(value.length).put(value);
    return this;
  }

  SftpRequest string(String value) {
    return string(value.getBytes(StandardCharsets.UTF_8));
  }

  SftpRequest data(MemorySegment from) {
    int length = (int) from.byteSize();
    bytes.putInt(length);
    MemorySegment.copy(from, ValueLayout.JAVA_BYTE, 0, bytes.array(), bytes.position(), length);
    bytes.position(bytes.position() + length);
    return this;
  }

  /** Bytes of all of it. */
  int length() {
    return bytes.position();
  }

  /** All of it, with its id; what is behind {@link #length} is not used. */
  @SuppressWarnings("ByteBufferBackingArray") // of allocate
  byte[] framed(int id) {
    bytes.putInt(0, length() - Integer.BYTES).putInt(HEAD - Integer.BYTES, id);
    return bytes.array();
  }
}
