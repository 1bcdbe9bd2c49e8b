package dev.kasuari.target.arm.isa;

/**
 * What tables of the pattern files cannot print. Every method takes operands, by the names that the
 * patterns have for them, and returns assembler text in the manner of objdump.
 */
final class A64Text {
  private static final String[] SHIFTS = {"lsl", "lsr", "asr", "ror"};
  private static final String[] EXTENSIONS = {
    "uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx"
  };

  private A64Text() {}

  static String register(long sf, long number) {
    String prefix = sf == 1 ? "x" : "w";
    return prefix + (number == 31 ? "zr" : number);
  }

  private static String base(long number) {
    return number == 31 ? "sp" : "x" + number;
  }

  static String hex(long value) {
    return "#0x" + Long.toHexString(value);
  }

  private static int width(long sf) {
    return sf == 1 ? 64 : 32;
  }

  static String bitmask(long sf, long nrs) {
    return "0x" + Long.toHexString(A64Immediates.bitmask((int) sf, (int) nrs));
  }

  static String shift(long kind, long amount) {
    return kind == 0 && amount == 0 ? "" : ", " + SHIFTS[(int) kind] + " #" + amount;
  }

  /** The second source where both other registers may be the stack pointer. */
  static String extend(long sf, long rm, long option, long amount, long rn, long rd) {
    return extended(sf, rm, option, amount, rd == 31 ? rd : rn);
  }

  static String extended(long sf, long rm, long option, long amount, long rn) {
    String register = register((option & 3) == 3 ? sf : 0, rm);
    if (rn == 31 && option == (sf == 1 ? 3 : 2)) {
      return register + (amount == 0 ? "" : ", lsl #" + amount);
    }
    return register + ", " + EXTENSIONS[(int) option] + (amount == 0 ? "" : " #" + amount);
  }

  static String fraction(long scale) {
    return Long.toString(64 - scale);
  }

  static String tested(long bit, long rt) {
    return register(bit >> 5, rt);
  }

  private static String twoDigits(long value) {
    return (value < 16 ? "#0x0" : "#0x") + Long.toHexString(value);
  }

  /** What a prefetch is for: PLD, PLI or PST, a level of cache, and KEEP or STRM. */
  static String prefetch(long op) {
    String[] types = {"pld", "pli", "pst"};
    int level = (int) (op >> 1 & 3);
    return op >> 3 == 3 || level == 3
        ? twoDigits(op)
        : types[(int) op >> 3] + "l" + (level + 1) + ((op & 1) == 0 ? "keep" : "strm");
  }

  /** The domain and the accesses of a barrier. */
  static String domain(long crm) {
    String[] domains = {"osh", "nsh", "ish", ""};
    String[] accesses = {"", "ld", "st", ""};
    int type = (int) crm & 3;
    if (crm == 15) {
      return "sy";
    }
    return type == 0 ? twoDigits(crm) : domains[(int) crm >> 2] + accesses[type];
  }

  /** What CLREX and ISB need not say if it is 15. */
  static String full(long crm) {
    return crm == 15 ? "" : " " + hex(crm);
  }

  static String nonzero(long imm) {
    return imm == 0 ? "" : " " + hex(imm);
  }

  static String plus(long bytes) {
    return bytes == 0 ? "" : ", #" + bytes;
  }

  static String scaled(long size, long imm) {
    return plus(imm << size);
  }

  static String scaled8(long imm) {
    return scaled(3, imm);
  }

  /** Index is 0 or 2 for an offset, 1 for post-index, 3 for pre-index. */
  static String indexed(long index, long rn, long bytes) {
    return switch ((int) index) {
      case 1 -> "[" + base(rn) + "], #" + bytes;
      case 3 -> "[" + base(rn) + ", #" + bytes + "]!";
      default -> "[" + base(rn) + plus(bytes) + "]";
    };
  }

  static String indexed8(long pre, long rn, long bytes) {
    return pre == 1 && bytes == 0 ? "[" + base(rn) + "]!" : indexed(3 * pre, rn, bytes);
  }

  static String paired(long index, long rn, long imm, long size) {
    return indexed(index, rn, imm * (4L << size));
  }

  static String paired4(long index, long rn, long imm) {
    return paired(index, rn, imm, 0);
  }

  static String registers(long sf, long first) {
    return register(sf, first) + ", " + register(sf, first + 1);
  }

  static String offset(long size, long rm, long extend, long scale) {
    String register = register(extend & 1, rm);
    String amount = scale == 0 ? "" : " #" + size;
    if (extend == 1) {
      return register + (scale == 0 ? "" : ", lsl" + amount);
    }
    String[] extensions = {"uxtw", "lsl", "sxtw", "sxtx"};
    return register + ", " + extensions[(int) extend] + amount;
  }

  static String offset8(long rm, long extend, long scale) {
    return offset(3, rm, extend, scale);
  }

  private static String mov(long sf, long rd, long value) {
    return "mov " + register(sf, rd) + ", " + hex(sf == 1 ? value : value & 0xffff_ffffL);
  }

  private static String wide(String name, long sf, long hw, long imm, long rd) {
    return name + " " + register(sf, rd) + ", " + hex(imm) + (hw == 0 ? "" : ", lsl #" + 16 * hw);
  }

  static String move(long sf, long hw, long imm, long rd) {
    return imm == 0 && hw != 0 ? wide("movz", sf, hw, imm, rd) : mov(sf, rd, imm << (16 * hw));
  }

  static String moveNot(long sf, long hw, long imm, long rd) {
    return (imm == 0 && hw != 0) || (sf == 0 && imm == 0xffff)
        ? wide("movn", sf, hw, imm, rd)
        : mov(sf, rd, ~(imm << (16 * hw)));
  }

  /** ORR of zero and a mask: a MOV unless a wide move says the same. */
  static String moveBitmask(long sf, long nrs, long rd) {
    long mask = A64Immediates.bitmask((int) sf, (int) nrs);
    String to = sf == 1 ? base(rd) : rd == 31 ? "wsp" : "w" + rd;
    // A wide move cannot write the stack pointer.
    boolean wide = isWide(sf, mask) || isWide(sf, sf == 1 ? ~mask : ~mask & 0xffff_ffffL);
    return wide && rd != 31
        ? "orr " + to + ", " + register(sf, 31) + ", " + hex(mask)
        : "mov " + to + ", " + hex(mask);
  }

  private static boolean isWide(long sf, long value) {
    for (int shift = 0; shift < width(sf); shift += 16) {
      if ((value & ~(0xffffL << shift)) == 0) {
        return true;
      }
    }
    return false;
  }

  private static String bits(String name, long sf, long rn, long rd, long a, long b) {
    return name + " " + register(sf, rd) + ", " + register(sf, rn) + ", #" + a + ", #" + b;
  }

  private static String one(String name, long sf, long rn, long rd, long amount) {
    return name + " " + register(sf, rd) + ", " + register(sf, rn) + ", #" + amount;
  }

  private static String field(String prefix, long sf, long immr, long imms, long rn, long rd) {
    return imms < immr
        ? bits(prefix + (prefix.equals("bf") ? "i" : "iz"), sf, rn, rd, width(sf) - immr, imms + 1)
        : bits(prefix + (prefix.equals("bf") ? "xil" : "x"), sf, rn, rd, immr, imms - immr + 1);
  }

  static String signedBitfield(long sf, long immr, long imms, long rn, long rd) {
    if (imms == width(sf) - 1) {
      return one("asr", sf, rn, rd, immr);
    }
    if (immr == 0 && (imms == 7 || imms == 15 || imms == 31)) {
      String name = imms == 7 ? "sxtb" : imms == 15 ? "sxth" : "sxtw";
      return name + " " + register(sf, rd) + ", " + register(0, rn);
    }
    return field("sbf", sf, immr, imms, rn, rd);
  }

  static String unsignedBitfield(long sf, long immr, long imms, long rn, long rd) {
    int top = width(sf) - 1;
    if (imms == top) {
      return one("lsr", sf, rn, rd, immr);
    }
    if (imms + 1 == immr) {
      return one("lsl", sf, rn, rd, top - imms);
    }
    if (sf == 0 && immr == 0 && (imms == 7 || imms == 15)) {
      return (imms == 7 ? "uxtb " : "uxth ") + register(0, rd) + ", " + register(0, rn);
    }
    return field("ubf", sf, immr, imms, rn, rd);
  }

  static String bitfield(long sf, long immr, long imms, long rn, long rd) {
    if (rn == 31 && imms < immr) {
      return "bfc " + register(sf, rd) + ", #" + (width(sf) - immr) + ", #" + (imms + 1);
    }
    return field("bf", sf, immr, imms, rn, rd);
  }
}
