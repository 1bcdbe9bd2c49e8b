package dev.kasuari.target.arm.cpu;

/**
 * Memory types and cacheability, as a byte of MAIR_ELx encodes them, and shareability, as the SH
 * field does. Source: DDI 0487, D8.6 "Memory region attributes".
 */
final class MemoryAttributes {
  static final int DEVICE_NGNRNE = 0x00;
  static final int NON_CACHEABLE = 0x44;
  static final int WRITE_THROUGH = 0xbb;
  static final int WRITE_BACK = 0xff;

  static final int NON_SHAREABLE = 0b00;
  static final int OUTER_SHAREABLE = 0b10;
  static final int INNER_SHAREABLE = 0b11;

  private static final int FORCED_NON_CACHEABLE = 0b101;
  private static final int FORCED_WRITE_BACK = 0b110;
  private static final int AS_STAGE_1 = 0b111;

  private MemoryAttributes() {}

  static boolean isDevice(int attributes) {
    return (attributes & 0xf0) == 0;
  }

  /** Devices, and what no cache holds, are shared by all. */
  static int effectiveShareability(int attributes, int shareability) {
    return isDevice(attributes) || attributes == NON_CACHEABLE ? OUTER_SHAREABLE : shareability;
  }

  /** What MemAttr[3:0] of a stage 2 descriptor says, where HCR_EL2.FWB is 0. */
  static int ofStage2(int memAttr) {
    int outer = memAttr >> 2;
    return outer == 0 ? (memAttr & 3) << 2 : nibble(outer) << 4 | nibble(memAttr & 3);
  }

  private static int nibble(int cacheability) {
    return cacheability == 0b01 ? 0x4 : cacheability << 2 | 3;
  }

  /** Stage 1 and stage 2 together: the stronger of the two. */
  static int combined(int first, int second) {
    if (isDevice(first) || isDevice(second)) {
      return isDevice(first) && isDevice(second)
          ? Math.min(first, second)
          : isDevice(first) ? first : second;
    }
    return combinedNibble(first >> 4, second >> 4) << 4 | combinedNibble(first & 15, second & 15);
  }

  /** The allocation hints are those of stage 1. */
  private static int combinedNibble(int first, int second) {
    if (first == 4 || second == 4) {
      return 4;
    }
    boolean writeThrough = (first & 4) == 0 || (second & 4) == 0;
    if (!writeThrough) {
      return first;
    }
    return (first & 4) == 0 ? first : 8 | (first & 3);
  }

  /** What MemAttr[3:0] makes of stage 1, where HCR_EL2.FWB is 1. */
  static int forced(int first, int memAttr) {
    return switch (memAttr & 7) {
      case FORCED_NON_CACHEABLE -> isDevice(first) ? first : NON_CACHEABLE;
      case FORCED_WRITE_BACK -> isDevice(first) ? WRITE_BACK : writeBack(first);
      case AS_STAGE_1 -> first;
      default -> combined(first, (memAttr & 3) << 2);
    };
  }

  private static int writeBack(int first) {
    return writeBackNibble(first >> 4) << 4 | writeBackNibble(first & 15);
  }

  private static int writeBackNibble(int nibble) {
    return nibble == 4 ? 0xf : 0xc | (nibble & 3);
  }

  static int combinedShareability(int first, int second) {
    if (first == OUTER_SHAREABLE || second == OUTER_SHAREABLE) {
      return OUTER_SHAREABLE;
    }
    return first == INNER_SHAREABLE || second == INNER_SHAREABLE ? INNER_SHAREABLE : NON_SHAREABLE;
  }
}
