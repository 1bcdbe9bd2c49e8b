package dev.kasuari.tcg.interp;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.EngineState;

/** Loads and stores that the soft MMU's table answers, for either interpreter. */
final class FastPath {
  private static final long PAGE = -4096L;

  private FastPath() {}

  /** Host address of the entry of the soft MMU that an address may be in. */
  static long entry(long state, int tlb, long address) {
    long mask = RawMemory.getAlignedLong(state + tlb + EngineState.TLB_MASK);
    return RawMemory.getAlignedLong(state + tlb + EngineState.TLB_TABLE) + (address >>> 7 & mask);
  }

  /**
   * Whether an entry's tag lets an access of the descriptor's size, if aligned, do without help.
   */
  static boolean hits(long tag, long address, int desc) {
    int mask = (1 << (desc & 7)) - 1;
    return RawMemory.littleEndian() && RawMemory.getLong(tag) == (address & (PAGE | mask));
  }

  static long load(int form, long host) {
    return switch (form) {
      case 0 -> RawMemory.getByte(host) & 0xffL;
      case 1 -> RawMemory.getByte(host);
      case 2 -> RawMemory.getShort(host) & 0xffffL;
      case 3 -> RawMemory.getShort(host);
      case 4 -> RawMemory.getInt(host) & 0xffffffffL;
      case 5 -> RawMemory.getInt(host);
      default -> RawMemory.getLong(host);
    };
  }

  static void store(int sizeLog2, long host, long value) {
    switch (sizeLog2) {
      case 0 -> RawMemory.putByte(host, (byte) value);
      case 1 -> RawMemory.putShort(host, (short) value);
      case 2 -> RawMemory.putInt(host, (int) value);
      default -> RawMemory.putLong(host, value);
    }
  }
}
