package dev.kasuari.target.riscv.isa;

import dev.kasuari.testkit.KnownDifference;
import java.util.List;
import java.util.Set;

/** Where binutils 2.40 shows an instruction otherwise than Kasuari, and why. */
enum RiscvDifference implements KnownDifference {
  HINT("binutils names c.nop and its hints after their encoding, a c.addi to x0") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return pattern.startsWith("c.nop") && theirs.startsWith("c.addi zero,");
    }
  },
  SHIFT_BY_ZERO("a compressed shift by 0 is a hint here and an RV128 instruction to binutils") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return ours.endsWith(",0x0") && theirs.startsWith(pattern + "64 ");
    }
  },
  NEW_REGISTER("a register that is younger than binutils 2.40, which shows its number") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      int csr = insn >>> 20;
      return pattern.startsWith("csr")
          && NEW_REGISTERS.contains(csr)
          && theirs.startsWith("csr")
          && words(theirs).contains("0x" + Integer.toHexString(csr));
    }
  },
  EXACT("binutils knows conversions that are always exact with rounding mode 0 only") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return Set.of("fcvt.d.s", "fcvt.d.w", "fcvt.d.wu", "fcvt.s.h", "fcvt.d.h").contains(pattern)
          && (insn >>> 12 & 7) != 0
          && theirs.startsWith(".4byte");
    }
  },
  NEW_EXTENSION("binutils 2.40 is older than Zacas") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return pattern.startsWith("amocas.") && theirs.startsWith(".4byte");
    }
  },
  HYPERVISOR("binutils has Svinval's fences for guests, which are for hypervisors alone") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return pattern.isEmpty() && theirs.startsWith("hinval.");
    }
  },
  FENCE("fields that a fence must ignore are not ignored by binutils (volume I, section 2.7)") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return pattern.startsWith("fence") && theirs.startsWith(".4byte");
    }
  },
  PAUSE("binutils without Zihintpause shows the fence that pause is") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return pattern.equals("pause") && theirs.equals("fence w,unknown");
    }
  },
  ILLEGAL("all zeros is no instruction; binutils has a name for it") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return (short) insn == 0 && (theirs.equals("c.unimp") || theirs.equals("unimp"));
    }
  },
  RESERVED_ADDI16SP("c.addi16sp with 0 is reserved; binutils shows it") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return (short) insn == 0x6101 && ours.equals(".2byte 0x6101") && theirs.endsWith("sp,0");
    }
  },
  RESERVED_SHIFT("a shift by 32 or more is reserved on RV32; binutils shows it") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return pattern.isEmpty()
          && ours.matches("\\.[24]byte .*")
          && theirs.matches("(c\\.)?(s(ll|rl|ra)|ror|(bclr|bext|binv|bset))i? .*,0x[23].");
    }
  },
  IMMEDIATE_ALIAS("with aliases, binutils 2.40 names the immediate form like the register form") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return ours.replaceFirst("^(\\w+)i(w?) ", "$1$2 ").equals(theirs);
    }
  },
  HINT_ALIAS("with aliases, binutils still shows compressed hints as what they are") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return theirs.startsWith("c.");
    }
  },
  MOVE_ALIAS("an add of zero is shown as the move that it is") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return ours.startsWith("mv ") && theirs.matches("add (\\w+),(zero,\\w+|\\1,0)");
    }
  };

  private static final Set<Integer> NEW_REGISTERS =
      Set.of(
          0x011, 0x017, 0x120, 0x152, 0x153, 0x155, 0x156, 0x157, 0x252, 0x253, 0x255, 0x256, 0x257,
          0x312, 0x321, 0x322, 0x352, 0x353, 0x355, 0x356, 0x357, 0x612, 0x721, 0x722, 0x740, 0x741,
          0x742, 0x744);

  private final String reason;

  RiscvDifference(String reason) {
    this.reason = reason;
  }

  private static List<String> words(String text) {
    return List.of(text.split("[ ,]", -1));
  }

  String reason() {
    return reason;
  }
}
