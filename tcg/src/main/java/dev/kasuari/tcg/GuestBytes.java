package dev.kasuari.tcg;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.ir.MemDesc;

/**
 * A guest's values as bytes of the host's memory. Bytes in address order are a long whose lowest
 * eight bits are the first.
 */
final class GuestBytes {
  private GuestBytes() {}

  /** The value that bytes in address order are, as the access' descriptor says. */
  static long extend(long bytes, long desc) {
    int shift = 64 - 8 * MemDesc.size(desc);
    long value = MemDesc.isBigEndian(desc) ? Long.reverseBytes(bytes) >>> shift : bytes;
    return MemDesc.isSigned(desc) ? value << shift >> shift : value << shift >>> shift;
  }

  /** The bytes of a value in address order, as the access' descriptor says. */
  static long inAddressOrder(long value, long desc) {
    return MemDesc.isBigEndian(desc)
        ? Long.reverseBytes(value) >>> (64 - 8 * MemDesc.size(desc))
        : value;
  }

  /** What the host has to store so that the value is in memory as the access' descriptor says. */
  static long inHostOrder(long value, long desc) {
    boolean swap = MemDesc.isBigEndian(desc) == RawMemory.littleEndian();
    return swap ? Long.reverseBytes(value) >>> (64 - 8 * MemDesc.size(desc)) : value;
  }

  /** What the host loaded, or will store, as bytes in address order; and back. */
  static long littleEndian(long value, int size) {
    return RawMemory.littleEndian() ? value : Long.reverseBytes(value) >>> (64 - 8 * size);
  }

  /** Bytes in address order; at once if the address is a multiple of the size. */
  static long load(long host, int size) {
    if ((host & (size - 1)) == 0) {
      return littleEndian(RawMemory.getVolatile(host, size), size);
    }
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (RawMemory.getByte(host + i) & 0xffL) << (8 * i);
    }
    return value;
  }

  /** Stores bytes in address order; at once if the address is a multiple of the size. */
  static void store(long host, long bytes, int size) {
    if ((host & (size - 1)) == 0) {
      RawMemory.putVolatile(host, size, littleEndian(bytes, size));
      return;
    }
    for (int i = 0; i < size; i++) {
      RawMemory.putByte(host + i, (byte) (bytes >>> (8 * i)));
    }
  }
}
