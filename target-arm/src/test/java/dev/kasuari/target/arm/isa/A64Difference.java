package dev.kasuari.target.arm.isa;

import dev.kasuari.testkit.KnownDifference;

/** Where binutils 2.40 shows an instruction otherwise than Kasuari, and why. */
enum A64Difference implements KnownDifference {
  SCALABLE("SVE and SME are not there yet") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      int group = insn >>> 25 & 15;
      return pattern.isEmpty() && (group == 2 || (group == 0 && insn < 0));
    }
  },
  SCALABLE_STATE("so is SME's switch") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return pattern.isEmpty() && theirs.matches("sm(start|stop).*");
    }
  },
  SINGLE_PRODUCT(
      "products of halves to singles have a bit of size that must be 0; binutils ignores it") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return pattern.isEmpty() && (insn >>> 22 & 1) == 1 && theirs.matches("fml[as]l2? .*");
    }
  },
  RESERVED("binutils says of a part of what is reserved that it does not know yet") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return pattern.isEmpty() && insn >>> 25 == 0 && theirs.endsWith("; NYI");
    }
  },
  TAGGING("MTE is not there yet") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return pattern.isEmpty()
          && theirs.matches("(addg|subg|irg|gmi|subps?|cmpp|ldgm?|st[2z]*gm?|stgp|msr tco,) .*");
    }
  },
  NEWER("CSSC, HBC, LS64, MOPS and TME are no part of the set") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return pattern.isEmpty()
          && theirs.matches(
              "((abs|cnt|ctz|[su]m(ax|in)) [wx]|bc\\.|ld64b|st64b|cpy|set[gpme]|t(cancel|commit|start|test)).*");
    }
  },
  NO_SYSTEM_REGISTER("binutils shows unallocated encodings of PSTATE as accesses of registers") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return pattern.isEmpty() && theirs.matches("(msr|mrs) .*s0_.*");
    }
  },
  PSTATE("only the lowest bit of a value for a PSTATE bit counts; binutils knows 0 and 1 alone") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return ours.matches("msr (uao|pan|spsel|ssbs|dit), .*") && theirs.startsWith("msr s0_");
    }
  },
  SHOULD_BE_ZERO("bits that should be zero are ignored; binutils wants zeros") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return ours.matches("cfinv|xaflag|axflag|sb")
          && (insn >>> 8 & 15) != 0
          && theirs.startsWith("msr s0_");
    }
  },
  SHOULD_BE_ONE("bits that should be one are ignored; binutils wants ones") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return pattern.matches("ldar|ldapr") && theirs.startsWith(".inst");
    }
  },
  SAME_REGISTER(
      "a pair loaded to one register, or over its base, is unpredictable, not undefined") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return pattern.equals("ldpsw") && theirs.startsWith(".inst");
    }
  },
  REGISTER_NAME(
      "registers of trace units, of branch records, of v8-R and of call stacks have no names") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return ours.matches("(mrs|msr) .*s[23]_.*")
          && theirs.matches(
              "(mrs|msr) .*\\b(trc|brb|prbar|prlar|prenr|prselr|mpuir|csr|tee|mpamsm).*");
    }
  },
  NXS("binutils 2.40 does not name TLBI nXS") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return ours.matches("tlbi \\w+nxs.*") && theirs.startsWith("sys #");
    }
  },
  REGISTER_IGNORED("an operation that takes no register but has one is unpredictable") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return ours.matches("sys .*, x\\d+") && theirs.matches("(tlbi|ic) \\w+");
    }
  },
  HINT("binutils shows a hint's number, or has a name for one that does nothing here") {
    @Override
    public boolean explains(int insn, String pattern, String ours, String theirs) {
      return ((insn & 0xffff_f01f) == 0xd503_201f && theirs.startsWith("hint #"))
          || (ours.equals("hint #0x16") && theirs.equals("clearbhb"));
    }
  };

  private final String reason;

  A64Difference(String reason) {
    this.reason = reason;
  }

  String reason() {
    return reason;
  }
}
