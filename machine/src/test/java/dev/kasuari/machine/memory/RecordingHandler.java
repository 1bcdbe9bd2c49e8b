package dev.kasuari.machine.memory;

import java.util.ArrayList;
import java.util.List;

/** Bytes that can be read and written, and a list of who did what. */
final class RecordingHandler implements MmioHandler {
  final List<String> calls = new ArrayList<>();
  final byte[] bytes = new byte[64];
  private final AccessSizes sizes;

  RecordingHandler(AccessSizes sizes) {
    this.sizes = sizes;
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (0x10 + i);
    }
  }

  @Override
  public long read(long offset, int size, BusAccess access) {
    calls.add("r%d@%x".formatted(8 * size, offset));
    return lanes(offset, size);
  }

  @Override
  public void write(long offset, int size, long value, BusAccess access) {
    calls.add("w%d@%x=%x".formatted(8 * size, offset, value));
    for (int i = 0; i < size; i++) {
      bytes[(int) offset + i] = (byte) (value >>> shift(i, size));
    }
  }

  @Override
  public AccessSizes sizes() {
    return sizes;
  }

  @Override
  public long lanes(long offset, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (bytes[(int) offset + i] & 0xffL) << shift(i, size);
    }
    return value;
  }

  private int shift(int i, int size) {
    return sizes.order() == java.nio.ByteOrder.BIG_ENDIAN ? 8 * (size - 1 - i) : 8 * i;
  }
}
