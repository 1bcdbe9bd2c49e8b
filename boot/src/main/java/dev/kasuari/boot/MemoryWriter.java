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

  /**
   * Copies all of a file to physical memory.
   *
   * @param address of the first byte, physical, unsigned
   * @throws BootException if it cannot be read
   */
  default void write(long address, KeptFile file) throws BootException {
    byte[] data = file.bytes();
    write(address, data, 0, data.length);
  }
}
