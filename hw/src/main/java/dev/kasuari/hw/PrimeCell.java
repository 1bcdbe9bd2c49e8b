package dev.kasuari.hw;

import dev.kasuari.machine.Registers;

/** The identification registers in the last words of every Arm PrimeCell peripheral's page. */
public final class PrimeCell {
  private static final int[] CELL = {0x0d, 0xf0, 0x05, 0xb1};

  private PrimeCell() {}

  /**
   * Adds PeriphID0 to 3 and PCellID0 to 3.
   *
   * @param part the part number, three hexadecimal digits: {@code 0x011} is the PL011
   * @param revision of the part, 0 to 15
   */
  public static Registers identify(Registers registers, int part, int revision) {
    int[] peripheral = {
      part & 0xff, 0x10 | part >> 8, revision << 4 | 0x4, 0 // 0x41: the designer is Arm
    };
    return registers
        .at(0xfe0, "PERIPH_ID")
        .times(4, 4)
        .readEach(i -> peripheral[i])
        .at(0xff0, "PCELL_ID")
        .times(4, 4)
        .readEach(i -> CELL[i]);
  }
}
