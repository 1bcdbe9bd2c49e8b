package dev.kasuari.bench;

import java.nio.ByteBuffer;
import java.util.Random;

/**
 * Instructions of RISC-V for code that runs once: integer arithmetic, loads and stores, and
 * branches. Encodings are those of the RISC-V unprivileged manual, chapter "RV32/64G Instruction
 * Set Listings", and chapter "C".
 *
 * <p>a0 is the number, a1 the memory; only caller-saved registers change.
 */
final class RiscvOnceInstructions implements OnceInstructions {
  private static final int RA = 1;
  private static final int A0 = 10;
  private static final int A1 = 11;
  // Caller-saved and free: t0 to t2, a0, a2 to a7, t3 to t6.
  private static final int[] FREE = {5, 6, 7, 10, 12, 13, 14, 15, 16, 17, 28, 29, 30, 31};
  // Those of them that the short forms reach: a0, a2 to a5.
  private static final int[] SHORT = {10, 12, 13, 14, 15};
  private static final int[] FUNCT3 = {0, 1, 2, 3, 4, 5, 6, 7};
  private static final int[] CONDITIONS = {0, 1, 4, 5, 6, 7};

  private final boolean compressed;
  private final Random random;

  /**
   * Instructions.
   *
   * @param compressed whether half of them have two bytes; otherwise none has
   */
  RiscvOnceInstructions(boolean compressed, Random random) {
    this.compressed = compressed;
    this.random = random;
  }

  @Override
  public void end(ByteBuffer code) {
    code.putInt(r(0b0110011, A0, 4, A0, pick(FREE), 0)); // xor
    if (compressed) {
      code.putShort((short) (0x8002 | RA << 7));
    } else {
      code.putInt(i(0b1100111, 0, 0, RA, 0));
    }
    while (code.position() % 4 != 0) {
      code.putShort((short) 0x0001); // c.nop, so that the next one is aligned as compilers do it
    }
  }

  @Override
  public int branchBytes() {
    return compressed && random.nextBoolean() ? 2 : 4;
  }

  @Override
  public void branch(ByteBuffer code, int at, int bytes, int distance) {
    if (bytes == 2) {
      code.putShort(at, (short) shortBranch(random.nextBoolean(), pick(SHORT), distance));
    } else {
      code.putInt(at, b(pick(CONDITIONS), pick(FREE), pick(FREE), distance));
    }
  }

  @Override
  public void plain(ByteBuffer code) {
    if (compressed && random.nextInt(10) < 6) {
      code.putShort((short) shortForm());
    } else {
      code.putInt(longForm());
    }
  }

  private int longForm() {
    int rd = pick(FREE);
    int rs1 = pick(FREE);
    int place = random.nextInt(64) * 8;
    return switch (random.nextInt(10)) {
      case 0 -> i(0b0000011, rd, 3, A1, place); // ld
      case 1 -> i(0b0000011, rd, random.nextInt(7), A1, place); // narrower ones
      case 2 -> s(random.nextInt(4), A1, pick(FREE), place);
      case 3, 4 -> arithmeticImmediate(rd, rs1);
      case 5 -> u(rd, random.nextInt(1 << 20));
      case 6 -> r(0b0111011, rd, 0, rs1, pick(FREE), random.nextBoolean() ? 0x20 : 0); // addw
      case 7 -> r(0b0110011, rd, 0, rs1, pick(FREE), 0x01); // mul
      default -> r(0b0110011, rd, pick(FUNCT3), rs1, pick(FREE), 0);
    };
  }

  private int arithmeticImmediate(int rd, int rs1) {
    int funct3 = pick(FUNCT3);
    boolean shift = funct3 == 1 || funct3 == 5;
    int value = shift ? random.nextInt(64) : random.nextInt(4096) - 2048;
    return i(0b0010011, rd, funct3, rs1, value);
  }

  private int shortForm() {
    int wide = pick(FREE);
    int narrow = pick(SHORT) - 8;
    int other = pick(SHORT) - 8;
    int six = 1 + random.nextInt(31);
    int field = (six & 0x1f) << 2;
    int place = random.nextInt(32) * 8;
    int memory = (place >> 3 & 7) << 10 | (A1 - 8) << 7 | (place >> 6 & 3) << 5 | other << 2;
    return switch (random.nextInt(10)) {
      case 0 -> 0x0001 | wide << 7 | field; // c.addi
      case 1 -> 0x4001 | wide << 7 | field; // c.li
      case 2 -> 0x8002 | wide << 7 | pick(FREE) << 2; // c.mv
      case 3 -> 0x9002 | wide << 7 | pick(FREE) << 2; // c.add
      case 4 -> 0x0002 | wide << 7 | field; // c.slli
      case 5 -> 0x8001 | narrow << 7 | field; // c.srli
      case 6 -> 0x8801 | narrow << 7 | field; // c.andi
      case 7 -> 0x6000 | memory; // c.ld
      case 8 -> 0xe000 | memory; // c.sd
      default -> 0x8c01 | narrow << 7 | random.nextInt(4) << 5 | other << 2; // c.sub to c.and
    };
  }

  private static int shortBranch(boolean zero, int register, int distance) {
    return (zero ? 0xc001 : 0xe001)
        | (distance >> 8 & 1) << 12
        | (distance >> 3 & 3) << 10
        | (register - 8) << 7
        | (distance >> 6 & 3) << 5
        | (distance >> 1 & 3) << 3
        | (distance >> 5 & 1) << 2;
  }

  private int pick(int[] from) {
    return from[random.nextInt(from.length)];
  }

  private static int r(int opcode, int rd, int funct3, int rs1, int rs2, int funct7) {
    return opcode | rd << 7 | funct3 << 12 | rs1 << 15 | rs2 << 20 | funct7 << 25;
  }

  private static int i(int opcode, int rd, int funct3, int rs1, int immediate) {
    return opcode | rd << 7 | funct3 << 12 | rs1 << 15 | immediate << 20;
  }

  private static int s(int funct3, int rs1, int rs2, int immediate) {
    return 0b0100011
        | (immediate & 0x1f) << 7
        | funct3 << 12
        | rs1 << 15
        | rs2 << 20
        | immediate >> 5 << 25;
  }

  private static int u(int rd, int immediate) {
    return 0b0110111 | rd << 7 | immediate << 12;
  }

  private static int b(int funct3, int rs1, int rs2, int distance) {
    return 0b1100011
        | (distance >> 11 & 1) << 7
        | (distance >> 1 & 0xf) << 8
        | funct3 << 12
        | rs1 << 15
        | rs2 << 20
        | (distance >> 5 & 0x3f) << 25
        | (distance >> 12 & 1) << 31;
  }
}
