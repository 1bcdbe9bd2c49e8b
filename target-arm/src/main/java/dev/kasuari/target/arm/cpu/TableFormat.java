package dev.kasuari.target.arm.cpu;

import java.util.Arrays;

/**
 * How translation table descriptors are laid out. Source: DDI 0487, D8.3.1 "VMSAv8-64 descriptor
 * formats". Levels are numbered from −1, which only addresses of more than 48 bits need, to 3.
 *
 * @param granule the size of a table and of the smallest page
 * @param wide where addresses of 52 bits have their upper bits, if there can be any
 */
record TableFormat(Granule granule, Wide wide) {
  static final int LAST_LEVEL = 3;

  /** Where a descriptor has bits 51 to 48 of an address. */
  enum Wide {
    /** There are none. */
    NONE,
    /** FEAT_LPA, with 64 KiB: bits 15 to 12. */
    LPA,
    /** FEAT_LPA2, with 4 and 16 KiB where DS is set: bits 9, 8, 49 and 48. */
    LPA2
  }

  private static final TableFormat[][] ALL =
      Arrays.stream(Granule.values())
          .map(g -> Arrays.stream(Wide.values()).map(w -> new TableFormat(g, w)))
          .map(formats -> formats.toArray(TableFormat[]::new))
          .toArray(TableFormat[][]::new);

  private static final long ADDRESS = (1L << 48) - 1;

  /**
   * The format that a control register selects.
   *
   * @param ds its DS field, which 64 KiB do without
   */
  static TableFormat of(Granule granule, boolean ds, VmsaFeatures features) {
    Wide wide =
        granule == Granule.KIB_64
            ? (features.lpa() ? Wide.LPA : Wide.NONE)
            : (ds && features.lpa2() ? Wide.LPA2 : Wide.NONE);
    return ALL[granule.ordinal()][wide.ordinal()];
  }

  /** The level at which a stage 1 walk for addresses of so many bits begins. */
  int startLevel(int inputBits) {
    return LAST_LEVEL - Math.floorDiv(inputBits - 1 - granule.bits(), granule.stride());
  }

  /** Bits of the address below those that index a table of that level. */
  int shift(int level) {
    return granule.bits() + (LAST_LEVEL - level) * granule.stride();
  }

  /** Which entry of a table of that level translates an address; not for the first table. */
  long index(long address, int level) {
    return address >>> shift(level) & (1L << granule.stride()) - 1;
  }

  boolean isTable(long descriptor, int level) {
    return (descriptor & 3) == 3 && level < LAST_LEVEL;
  }

  /** Whether it describes a page or a block. */
  boolean isLeaf(long descriptor, int level) {
    return level == LAST_LEVEL ? (descriptor & 3) == 3 : (descriptor & 3) == 1 && hasBlocks(level);
  }

  private boolean hasBlocks(int level) {
    return switch (level) {
      case 2 -> true;
      case 1 -> granule == Granule.KIB_4 || wide != Wide.NONE;
      case 0 -> granule == Granule.KIB_4 && wide == Wide.LPA2;
      default -> false;
    };
  }

  /** The address of the table of the next level. */
  long tableAddress(long descriptor) {
    return address(descriptor, granule.bits());
  }

  /** The address of the page or block. */
  long outputAddress(long descriptor, int level) {
    return address(descriptor, shift(level));
  }

  private long address(long descriptor, int lowestBit) {
    long upper =
        switch (wide) {
          case NONE -> 0;
          case LPA -> (descriptor >>> 12 & 15) << 48;
          case LPA2 -> (descriptor & 3L << 48) | (descriptor >>> 8 & 3) << 50;
        };
    return upper | (descriptor & ADDRESS & -1L << lowestBit);
  }

  /** Whether shareability is in the control register, as descriptors have no room for it. */
  boolean sharesAsControlled() {
    return wide == Wide.LPA2;
  }

  /**
   * The address of the first table, aligned to its size.
   *
   * @param register TTBR or VTTBR
   * @param inputBits of the address to be translated
   * @param outputBits of the addresses of tables
   */
  long firstTable(long register, int startLevel, int inputBits, int outputBits) {
    int tableBits = inputBits - shift(startLevel) + 3;
    if (wide == Wide.LPA2 || (wide == Wide.LPA && outputBits == 52)) {
      long base = (register & ADDRESS) | (register >>> 2 & 15) << 48;
      return base & -1L << Math.max(tableBits, 6);
    }
    return register & ADDRESS & -1L << tableBits;
  }
}
