package dev.kasuari.hw.intc;

import dev.kasuari.machine.Registers;

/** The identification registers at the end of every frame of an Arm interrupt controller. */
final class GicIdentity {
  private static final int[] CELL = {0x0d, 0xf0, 0x05, 0xb1};

  private GicIdentity() {}

  /**
   * Adds PIDR4 to 7, PIDR0 to 3 and CIDR0 to 3 of an Arm part.
   *
   * @param end the offset of the last 48 bytes of the frame
   * @param part number, three hexadecimal digits
   * @param architecture the version of the architecture, 2 to 4
   */
  static Registers identify(Registers registers, long end, int part, int architecture) {
    int[] peripheral = {0x04, 0, 0, 0, part & 0xff, 0xb0 | part >> 8, architecture << 4 | 0xb, 0};
    return registers
        .at(end, "PIDR")
        .times(8, 4)
        .readEach(i -> peripheral[i])
        .at(end + 0x20, "CIDR")
        .times(4, 4)
        .readEach(i -> CELL[i]);
  }
}
