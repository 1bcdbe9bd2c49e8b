package dev.kasuari.machine.memory;

import java.nio.ByteOrder;

/**
 * One guest access brought to the sizes and the byte order that a handler implements. Values here
 * have their bytes in address order from the low end; {@link #one} and its kin turn them.
 */
record SizedAccess(MmioHandler handler, AccessSizes sizes) {
  static SizedAccess to(MmioHandler handler) {
    return new SizedAccess(handler, handler.sizes());
  }

  boolean answers(long offset, int size) {
    return sizes.answers(offset, size);
  }

  long read(long offset, BusAccess access) {
    int size = access.size();
    if (size < sizes.min()) {
      return readNarrow(offset, size, access);
    }
    int step = Math.min(size, sizes.max());
    long value = 0;
    for (int i = 0; i < size && access.result() == BusResult.OK; i += step) {
      value |= one(offset + i, step, access) << (8 * i);
    }
    return value;
  }

  void write(long offset, BusAccess access) {
    int size = access.size();
    long value = access.value();
    if (size < sizes.min()) {
      writeNarrow(offset, size, value, access);
      return;
    }
    int step = Math.min(size, sizes.max());
    for (int i = 0; i < size && access.result() == BusResult.OK; i += step) {
      handler.write(offset + i, step, turned(value >>> (8 * i), step), access);
    }
  }

  long peek(long offset, int size) {
    long value = 0;
    int min = sizes.min();
    for (int i = 0; i < size; i++) {
      long word = (offset + i) & -min;
      long bytes = turned(handler.peek(word, min), min);
      value |= ((bytes >>> (8 * (offset + i - word))) & 0xff) << (8 * i);
    }
    return value;
  }

  /** Reads the words around a narrow access and cuts its bytes out. */
  private long readNarrow(long offset, int size, BusAccess access) {
    int min = sizes.min();
    long word = offset & -min;
    int shift = 8 * (int) (offset - word);
    long value = one(word, min, access) >>> shift;
    if (offset + size > word + min && access.result() == BusResult.OK) {
      value |= one(word + min, min, access) << (8 * min - shift);
    }
    return value & mask(size);
  }

  /** Writes the words around a narrow access; bytes that it does not carry are the lanes'. */
  private void writeNarrow(long offset, int size, long value, BusAccess access) {
    int min = sizes.min();
    for (long word = offset & -min;
        word < offset + size && access.result() == BusResult.OK;
        word += min) {
      long merged = turned(handler.lanes(word, min), min);
      for (int i = 0; i < size; i++) {
        long at = offset + i - word;
        if (at >= 0 && at < min) {
          long bits = 0xffL << (8 * at);
          merged = (merged & ~bits) | (((value >>> (8 * i)) << (8 * at)) & bits);
        }
      }
      handler.write(word, min, turned(merged, min), access);
    }
  }

  private long one(long offset, int size, BusAccess access) {
    return turned(handler.read(offset, size, access), size);
  }

  /** From address order to the device's order, or back; clears what is above {@code size}. */
  private long turned(long value, int size) {
    return sizes.order() == ByteOrder.LITTLE_ENDIAN
        ? value & mask(size)
        : Long.reverseBytes(value) >>> (64 - 8 * size);
  }

  private static long mask(int size) {
    return -1L >>> (64 - 8 * size);
  }
}
