package dev.kasuari.boot;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** Memory that remembers what was written where. */
final class RecordedMemory implements MemoryWriter {
  private final Map<Long, byte[]> writes = new TreeMap<>();

  @Override
  public void write(long address, byte[] data, int offset, int length) {
    if (length > 0) {
      writes.put(address, Arrays.copyOfRange(data, offset, offset + length));
    }
  }

  /** The bytes from an address on; what was not written is 0xaa. */
  byte[] at(long address, int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 0xaa);
    writes.forEach((start, data) -> {
      for (int i = 0; i < data.length; i++) {
        long to = start + i - address;
        if (to >= 0 && to < length) {
          bytes[(int) to] = data[i];
        }
      }
    });
    return bytes;
  }
}
