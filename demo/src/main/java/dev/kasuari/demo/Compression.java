package dev.kasuari.demo;

import static dev.kasuari.target.riscv.isa.RiscvEncoder.*;

import dev.kasuari.target.riscv.asm.Reg;

/** The 16-bit forms of instructions. Source: RISC-V volume I, chapter "C" Extension. */
final class Compression {
  private static final int FUNCT3_ADD = 0;
  private static final int FUNCT3_SLL = 1;
  private static final int FUNCT3_WORD = 2;
  private static final int FUNCT3_DOUBLE = 3;
  private static final int FUNCT3_XOR = 4;
  private static final int FUNCT3_OR = 6;
  private static final int FUNCT3_AND = 7;

  private Compression() {}

  /** The compressed form of a 32-bit instruction, or 0 if it has none. */
  static int compress(int insn) {
    int rd = insn >> 7 & 31;
    int funct3 = insn >> 12 & 7;
    int rs1 = insn >> 15 & 31;
    int rs2 = insn >> 20 & 31;
    int immI = insn >> 20;
    int immS = insn >> 25 << 5 | rd;
    return switch (insn & 0x7f) {
      case 0x03 -> load(funct3, rd, rs1, immI);
      case 0x13 -> immediate(funct3, rd, rs1, immI);
      case 0x23 -> store(funct3, rs2, rs1, immS);
      case 0x33 -> insn >>> 25 == 0 ? register(funct3, rd, rs1, rs2) : subtract(insn, rd, rs1, rs2);
      case 0x67 -> immI == 0 && rs1 != 0 ? jump(rd, rs1) : 0;
      case 0x73 -> insn == ebreak() ? cEbreak() : 0;
      default -> 0;
    };
  }

  private static int load(int funct3, int rd, int base, int offset) {
    return switch (funct3) {
      case FUNCT3_WORD ->
          base == Reg.SP && rd != 0 && fits(offset, 4, 252)
              ? cLwsp(rd, offset)
              : popular(rd, base) && fits(offset, 4, 124) ? cLw(rd, base, offset) : 0;
      case FUNCT3_DOUBLE ->
          base == Reg.SP && rd != 0 && fits(offset, 8, 504)
              ? cLdsp(rd, offset)
              : popular(rd, base) && fits(offset, 8, 248) ? cLd(rd, base, offset) : 0;
      default -> 0;
    };
  }

  private static int store(int funct3, int value, int base, int offset) {
    return switch (funct3) {
      case FUNCT3_WORD ->
          base == Reg.SP && fits(offset, 4, 252)
              ? cSwsp(value, offset)
              : popular(value, base) && fits(offset, 4, 124) ? cSw(base, value, offset) : 0;
      case FUNCT3_DOUBLE ->
          base == Reg.SP && fits(offset, 8, 504)
              ? cSdsp(value, offset)
              : popular(value, base) && fits(offset, 8, 248) ? cSd(base, value, offset) : 0;
      default -> 0;
    };
  }

  private static int immediate(int funct3, int rd, int rs1, int imm) {
    boolean small = imm >= -32 && imm <= 31;
    if (funct3 == FUNCT3_SLL && rd != 0 && rd == rs1 && imm > 0 && imm < 64) {
      return cSlli(rd, imm);
    }
    if (funct3 == FUNCT3_AND && rd == rs1 && popular(rd, rd) && small) {
      return cAndi(rd, imm);
    }
    if (funct3 != FUNCT3_ADD) {
      return 0;
    }
    if (rd == 0) {
      return rs1 == 0 && imm == 0 ? cNop() : 0;
    }
    if (imm == 0 && rs1 != 0) {
      return cMv(rd, rs1);
    }
    if (rs1 == 0 && small) {
      return cLi(rd, imm);
    }
    if (rd == Reg.SP && rs1 == Reg.SP && imm % 16 == 0 && imm >= -512 && imm < 512) {
      return cAddi16sp(imm);
    }
    return rd == rs1 && small ? cAddi(rd, imm) : 0;
  }

  private static int register(int funct3, int rd, int rs1, int rs2) {
    if (funct3 == FUNCT3_ADD) {
      return rd != 0 && rd == rs1 && rs2 != 0 ? cAdd(rd, rs2) : 0;
    }
    if (rd != rs1 || !popular(rd, rs2)) {
      return 0;
    }
    return switch (funct3) {
      case FUNCT3_XOR -> cXor(rd, rs2);
      case FUNCT3_OR -> cOr(rd, rs2);
      case FUNCT3_AND -> cAnd(rd, rs2);
      default -> 0;
    };
  }

  private static int subtract(int insn, int rd, int rs1, int rs2) {
    return rd == rs1 && popular(rd, rs2) && insn == sub(rd, rs1, rs2) ? cSub(rd, rs2) : 0;
  }

  private static int jump(int rd, int rs1) {
    return switch (rd) {
      case Reg.ZERO -> cJr(rs1);
      case Reg.RA -> cJalr(rs1);
      default -> 0;
    };
  }

  /** Most compressed instructions can name only the registers x8 to x15. */
  private static boolean popular(int one, int other) {
    return (one & ~7) == 8 && (other & ~7) == 8;
  }

  private static boolean fits(int offset, int unit, int max) {
    return offset >= 0 && offset <= max && offset % unit == 0;
  }
}
