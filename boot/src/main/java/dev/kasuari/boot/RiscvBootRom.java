package dev.kasuari.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The few instructions at a RISC-V machine's reset address that hand over to a firmware as OpenSBI
 * and others expect it: hart number in a0, devicetree in a1, {@link DynamicInfo} in a2. Source:
 * OpenSBI, docs/firmware/fw_dynamic.md; the RISC-V unprivileged manual for the encodings.
 */
public final class RiscvBootRom {
  private static final int A0 = 10;
  private static final int A1 = 11;
  private static final int A2 = 12;
  private static final int T0 = 5;
  private static final int MHARTID = 0xf14;
  private static final int LOAD_WORD = 2;
  private static final int LOAD_DOUBLE = 3;

  private static final int START_AT = 0x18;
  private static final int DTB_AT = 0x20;
  private static final int INFO_AT = 0x28;

  private RiscvBootRom() {}

  /**
   * What follows a dynamic firmware.
   *
   * @param nextAddress physical address to go on at
   * @param nextMode privilege to go on in: 0 user, 1 supervisor, 3 machine
   * @param options bit 0: no console output while booting
   * @param bootHart the hart that boots, or -1 for any
   */
  public record DynamicInfo(long nextAddress, int nextMode, long options, long bootHart) {
    private static final long MAGIC = 0x4942534f; // "OSBI"
    private static final long VERSION = 2;

    /** To supervisor mode, whichever hart boots. */
    public static DynamicInfo supervisor(long nextAddress) {
      return new DynamicInfo(nextAddress, 1, 0, -1);
    }

    private long[] words() {
      return new long[] {MAGIC, VERSION, nextAddress, nextMode, options, bootHart};
    }
  }

  /**
   * The ROM's contents, which run at any address that is a multiple of 8.
   *
   * @param xlen 32 or 64
   * @param start where the firmware (or, without one, the kernel) starts
   * @param dtb physical address of the devicetree
   */
  public static byte[] contents(int xlen, long start, long dtb, DynamicInfo info) {
    int load = xlen == 32 ? LOAD_WORD : LOAD_DOUBLE;
    long[] words = info.words();
    ByteBuffer rom =
        ByteBuffer.allocate(INFO_AT + words.length * xlen / 8).order(ByteOrder.LITTLE_ENDIAN);
    rom.putInt(0x17 | T0 << 7); // auipc t0, 0
    rom.putInt(immediate(INFO_AT, T0, 0, A2, 0x13)); // addi a2, t0, info
    rom.putInt(immediate(MHARTID, 0, 2, A0, 0x73)); // csrr a0, mhartid
    rom.putInt(immediate(DTB_AT, T0, load, A1, 0x03)); // l[wd] a1, dtb(t0)
    rom.putInt(immediate(START_AT, T0, load, T0, 0x03)); // l[wd] t0, start(t0)
    rom.putInt(immediate(0, T0, 0, 0, 0x67)); // jr t0
    rom.putLong(start).putLong(dtb);
    for (long word : words) {
      if (xlen == 32) {
        rom.putInt((int) word);
      } else {
        rom.putLong(word);
      }
    }
    return rom.array();
  }

  private static int immediate(int value, int rs1, int funct3, int rd, int opcode) {
    return value << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
  }
}
