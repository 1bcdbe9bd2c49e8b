package dev.kasuari.boot;

/** Where a loader puts bytes: a machine's physical memory. */
@FunctionalInterface
public interface MemoryWriter {
  /**
   * Copies bytes to physical memory.
   *
   * @param address of the first byte, physical, unsigned
   * @param data holds the bytes from {@code offset}, {@code length} of them
   */
  void write(long address, byte[] data, int offset, int length);
}
