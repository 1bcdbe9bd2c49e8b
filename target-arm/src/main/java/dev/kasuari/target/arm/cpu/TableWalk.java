package dev.kasuari.target.arm.cpu;

/**
 * The walk from the first table to a page or block, which is the same at both stages. Source: DDI
 * 0487, D8.2 "Translation process", and the functions AArch64.S1Walk and AArch64.S2Walk.
 */
abstract class TableWalk {
  private static final long ACCESS_FLAG = 1 << 10;

  final WalkFault fault;

  /** What the walk has read last, and where. */
  long descriptor;

  long descriptorAddress;

  /** The level of the descriptor. */
  int level;

  /** All descriptors of tables so far, or-ed: a restriction anywhere holds. */
  long tables;

  /** Address to which the input address translates. */
  long output;

  /** Bytes of the page or block. */
  long pageSize;

  TableWalk(WalkFault fault) {
    this.fault = fault;
  }

  /** Reads a descriptor into {@link #descriptor}; false with the fault set. */
  abstract boolean read(long address);

  /**
   * Walks from a table to a page or block.
   *
   * @param table the first table's address
   * @param startLevel its level
   * @param input the address to be translated, without bits above those that the table resolves
   * @param outputBits how wide addresses in descriptors may be
   * @param setsAccessFlag a leaf never used is no fault
   * @return false with the fault set
   */
  final boolean walk(
      TableFormat format,
      long table,
      int startLevel,
      long input,
      int outputBits,
      boolean setsAccessFlag) {
    tables = 0;
    level = startLevel;
    if (table >>> outputBits != 0) {
      return fault.set(Syndrome.ADDRESS_SIZE, 0);
    }
    long address = table + (input >>> format.shift(level)) * 8;
    while (true) {
      descriptorAddress = address;
      if (!read(address)) {
        return false;
      }
      if (format.isLeaf(descriptor, level)) {
        return leaf(format, input, outputBits, setsAccessFlag);
      }
      if (!format.isTable(descriptor, level)) {
        return fault.set(Syndrome.TRANSLATION, level);
      }
      long next = format.tableAddress(descriptor);
      if (next >>> outputBits != 0) {
        return fault.set(Syndrome.ADDRESS_SIZE, level);
      }
      tables |= descriptor;
      level++;
      address = next + format.index(input, level) * 8;
    }
  }

  private boolean leaf(TableFormat format, long input, int outputBits, boolean setsAccessFlag) {
    long base = format.outputAddress(descriptor, level);
    if (base >>> outputBits != 0) {
      return fault.set(Syndrome.ADDRESS_SIZE, level);
    }
    if ((descriptor & ACCESS_FLAG) == 0 && !setsAccessFlag) {
      return fault.set(Syndrome.ACCESS_FLAG, level);
    }
    pageSize = 1L << format.shift(level);
    output = base | (input & (pageSize - 1));
    return true;
  }

  /** The descriptor with the access flag, if it has none and the walk may set it. */
  final long used(boolean setsAccessFlag) {
    return setsAccessFlag ? descriptor | ACCESS_FLAG : descriptor;
  }
}
