package dev.kasuari.tcg.ir;

import dev.kasuari.machine.cpu.LaneHash;

/**
 * Every operation there is. A row gives the mnemonic, the operands, the results and the traits;
 * builder, verifier, printer and back ends read the row.
 *
 * <p>Operands and results are a letter each: {@code T} the operation's type ({@link Type#I32} or
 * {@link Type#I64}), {@code c} a second type of its own (all {@code c} operands agree), {@code w}
 * I32, {@code q} I64, {@code f} flags. Attributes that are not values (offsets, conditions, memory
 * and floating-point descriptors) are the operation's immediate.
 */
public enum Op {
  // ---- constants -------------------------------------------------------------------------------
  /** The immediate. */
  CONST("const", "", "T", Trait.PURE),
  /** The virtual address at which the unit was entered plus the immediate. */
  PC("pc", "", "q", Trait.PURE),

  // ---- integer arithmetic, modulo 2^bits -------------------------------------------------------
  ADD("add", "TT", "T", Trait.PURE),
  SUB("sub", "TT", "T", Trait.PURE),
  MUL("mul", "TT", "T", Trait.PURE),
  /** High half of the signed, unsigned, signed-by-unsigned double-width product. */
  MULHS("mulhs", "TT", "T", Trait.PURE),
  MULHU("mulhu", "TT", "T", Trait.PURE),
  MULHSU("mulhsu", "TT", "T", Trait.PURE),
  /** Low and high half of the product. */
  MUL2S("mul2s", "TT", "TT", Trait.PURE),
  MUL2U("mul2u", "TT", "TT", Trait.PURE),
  /** Quotient; by zero 0, and the minimum by −1 is the minimum. Never traps. */
  DIVS("divs", "TT", "T", Trait.PURE),
  DIVU("divu", "TT", "T", Trait.PURE),
  /** Remainder; by zero the dividend, and the minimum by −1 is 0. Never traps. */
  REMS("rems", "TT", "T", Trait.PURE),
  REMU("remu", "TT", "T", Trait.PURE),
  /** {@code (a + b + carry)} and the carry out; carries are 0 or 1. */
  ADDC("addc", "TTT", "TT", Trait.PURE),
  /** {@code (a - b - borrow)} and the borrow out. */
  SUBB("subb", "TTT", "TT", Trait.PURE),
  AND("and", "TT", "T", Trait.PURE),
  OR("or", "TT", "T", Trait.PURE),
  XOR("xor", "TT", "T", Trait.PURE),
  /** {@code a & ~b}. */
  ANDC("andc", "TT", "T", Trait.PURE),
  NOT("not", "T", "T", Trait.PURE),
  NEG("neg", "T", "T", Trait.PURE),
  /** Shifts and rotates by {@code b} modulo the width. */
  SHL("shl", "TT", "T", Trait.PURE),
  SHR("shr", "TT", "T", Trait.PURE),
  SAR("sar", "TT", "T", Trait.PURE),
  ROTL("rotl", "TT", "T", Trait.PURE),
  ROTR("rotr", "TT", "T", Trait.PURE),
  MINS("mins", "TT", "T", Trait.PURE),
  MAXS("maxs", "TT", "T", Trait.PURE),
  MINU("minu", "TT", "T", Trait.PURE),
  MAXU("maxu", "TT", "T", Trait.PURE),
  /** Leading and trailing zeros; the width if there is no one. */
  CLZ("clz", "T", "T", Trait.PURE),
  CTZ("ctz", "T", "T", Trait.PURE),
  POPCNT("popcnt", "T", "T", Trait.PURE),
  BSWAP("bswap", "T", "T", Trait.PURE),

  // ---- width and fields ------------------------------------------------------------------------
  /** The low {@code imm} bits, sign- or zero-extended, 1 ≤ imm &lt; width. */
  SEXT("sext", "T", "T", Trait.PURE),
  ZEXT("zext", "T", "T", Trait.PURE),
  /** 32 to 64 bits. */
  WIDEN_S("widen.s", "w", "q", Trait.PURE),
  WIDEN_U("widen.u", "w", "q", Trait.PURE),
  /** 32 bits rotated left by {@code imm}, 0 &lt; imm &lt; 32, and then as {@code widen.s}. */
  ROTL_S("rotl.s", "w", "q", Trait.PURE),
  /** The low 32 of 64 bits. */
  NARROW("narrow", "q", "w", Trait.PURE),
  /** {@code length} bits of a from {@code position}, zero-extended; see {@link Emitter#extract}. */
  EXTRACT("extract", "T", "T", Trait.PURE),
  /** a with {@code length} bits at {@code position} replaced by the low bits of b. */
  DEPOSIT("deposit", "TT", "T", Trait.PURE),
  /** The {@link LaneHash} of four lanes. */
  HASH("hash", "qqqq", "q", Trait.PURE),

  // ---- conditions ------------------------------------------------------------------------------
  /** 1 or 0. The immediate is a {@link Cond}. */
  SETCOND("setcond", "cc", "T", Trait.PURE),
  /** {@code cond(a, b) ? c : d}. */
  SELECT("select", "ccTT", "T", Trait.PURE),

  // ---- flags -----------------------------------------------------------------------------------
  /** Result and flags of a + b. */
  ADDF("addf", "TT", "Tf", Trait.PURE),
  /** Result and flags of a + b + carry. */
  ADCF("adcf", "TTT", "Tf", Trait.PURE),
  /** Result and flags of a − b; C is the borrow. */
  SUBF("subf", "TT", "Tf", Trait.PURE),
  /** Result and flags of a − b − borrow; C is the borrow. */
  SBBF("sbbf", "TTT", "Tf", Trait.PURE),
  /** Flags of a result of logic: N, Z, P. */
  LOGICF("logicf", "T", "f", Trait.PURE),
  /** The same flags with C complemented. */
  CMCF("cmcf", "f", "f", Trait.PURE),
  /** Flags from their packed form and back ({@link Flags}). */
  FLAGS_MAKE("flags.make", "w", "f", Trait.PURE),
  FLAGS_BITS("flags.bits", "f", "w", Trait.PURE),
  /** 1 or 0. The immediate is a {@link FlagCond}. */
  FLAGS_SETCOND("flags.setcond", "f", "T", Trait.PURE),

  // ---- guest state -----------------------------------------------------------------------------
  /** A view of state bytes; the immediate is a {@link StateView}. */
  GET("get", "", "T", Trait.READS_STATE),
  SET("set", "T", "", Trait.WRITES_STATE),

  // ---- vectors of the guest state ---------------------------------------------------------------
  /** The auxiliary is a {@link VectorDesc} of the unit. */
  VECTOR("vector", "", "", Trait.READS_STATE, Trait.WRITES_STATE),

  // ---- guest memory; the immediate is a MemDesc ------------------------------------------------
  LOAD("load", "q", "T", Trait.MEMORY, Trait.TRAPS),
  STORE("store", "qT", "", Trait.MEMORY, Trait.TRAPS),
  /** Two adjacent values of the descriptor's size each, as one access. */
  LOAD2("load2", "q", "TT", Trait.MEMORY, Trait.TRAPS),
  STORE2("store2", "qTT", "", Trait.MEMORY, Trait.TRAPS),
  /** {@code old = [a]; if (old == expected) [a] = new}, atomically; result old. */
  CAS("cas", "qTT", "T", Trait.MEMORY, Trait.TRAPS),
  /**
   * The same for two adjacent values of the descriptor's size, aligned as one: address, the two
   * expected, the two new ones; results the two old ones.
   */
  CAS2("cas2", "qTTTT", "TT", Trait.MEMORY, Trait.TRAPS),
  /** {@code old = [a]; [a] = old op b}, atomically; the auxiliary is a {@link Rmw}. */
  RMW("rmw", "qT", "T", Trait.MEMORY, Trait.TRAPS),
  /** Load and reserve; the reservation is the physical address and the value. */
  LL("ll", "q", "T", Trait.MEMORY, Trait.TRAPS, Trait.WRITES_STATE),
  /** Store if the reservation holds; 1 on success. The reservation is gone either way. */
  SC("sc", "qT", "w", Trait.MEMORY, Trait.TRAPS, Trait.READS_STATE, Trait.WRITES_STATE),
  /** Forgets what LL has reserved. */
  UNRESERVE("unreserve", "", "", Trait.MEMORY, Trait.WRITES_STATE),
  /** Traps as the described access would; moves nothing. */
  PROBE("probe", "q", "", Trait.MEMORY, Trait.TRAPS),
  /** Memory barrier; the immediate is an or of {@link MemDesc} fence bits. */
  FENCE("fence", "", "", Trait.MEMORY),

  // ---- floating point; the immediate is an FpDesc ----------------------------------------------
  FADD("fadd", "TT", "T", Trait.FP),
  FSUB("fsub", "TT", "T", Trait.FP),
  FMUL("fmul", "TT", "T", Trait.FP),
  FDIV("fdiv", "TT", "T", Trait.FP),
  FSQRT("fsqrt", "T", "T", Trait.FP),
  /** {@code ±(a × b) ± c} with one rounding; signs in the descriptor. */
  FMA("fma", "TTT", "T", Trait.FP),
  FMIN("fmin", "TT", "T", Trait.FP),
  FMAX("fmax", "TT", "T", Trait.FP),
  /**
   * 1 or 0; equal, less or less-or-equal, quiet or signaling, as the descriptor says. Or the flags.
   */
  FCMP("fcmp", "cc", "T", Trait.FP),
  /** One hot bit of ten: −∞, −normal, −subnormal, −0, +0, +subnormal, +normal, +∞, sNaN, qNaN. */
  FCLASS("fclass", "c", "T", Trait.PURE),
  /** From the source format to the destination format. */
  FCVT("fcvt", "c", "T", Trait.FP),
  /** Float to integer of the operation's type. */
  FTOI("ftoi", "c", "T", Trait.FP),
  /** Integer to float. */
  ITOF("itof", "c", "T", Trait.FP),
  /** To an integral value in the same format. */
  FRINT("frint", "T", "T", Trait.FP),
  /** The accrued exceptions, in softfloat's order; see StateLayout.FP_FLAGS. */
  FPFLAGS_GET("fpflags.get", "", "w", Trait.FP),
  FPFLAGS_SET("fpflags.set", "w", "", Trait.FP),
  /** Sets the dynamic rounding mode (softfloat's number). */
  FPROUND_SET("fpround.set", "w", "", Trait.FP),

  // ---- calls -----------------------------------------------------------------------------------
  /** Leaves for Java and comes back; the auxiliary is a {@link Helper} of the unit. */
  CALL("call", "*", "T", Trait.TRAPS, Trait.MEMORY, Trait.READS_STATE, Trait.WRITES_STATE),

  // ---- structure -------------------------------------------------------------------------------
  /** First of a unit: poll (and count, the immediate being the number of instructions). */
  UNIT_START("unit_start", "", "", Trait.POSITION, Trait.READS_STATE),
  /** A guest instruction begins; the auxiliary indexes the unit's {@link GuestInstruction}s. */
  INSN_START("insn_start", "", "", Trait.POSITION),
  /** To a block, with values for its parameters. */
  BR("br", "*", "", Trait.TERMINATOR),
  /** To one of two blocks; operands a and b, then the values for the parameters of either. */
  BRCOND("brcond", "cc*", "", Trait.TERMINATOR),
  BRFLAGS("brflags", "f*", "", Trait.TERMINATOR),
  /** Continues with the unit at entry + immediate; the auxiliary is the chaining slot. */
  GOTO("goto", "", "", Trait.TERMINATOR),
  /**
   * Continues with the unit at a computed address, the mode being what it was; the immediate is the
   * kind of the jump.
   */
  JUMP("jump", "q", "", Trait.TERMINATOR),
  /** Leaves the unit with the program counter set; the auxiliary is an {@link ExitReason}. */
  EXIT("exit", "q", "", Trait.TERMINATOR),
  /** Raises exception {@code imm} with a value, at the current instruction. */
  RAISE("raise", "q", "", Trait.TERMINATOR, Trait.TRAPS);

  /** What an operation does besides computing its results. */
  public enum Trait {
    /** Nothing: may be moved, shared or dropped. */
    PURE,
    /** Reads guest state. */
    READS_STATE,
    /** Writes guest state. */
    WRITES_STATE,
    /** Touches guest memory or orders accesses to it. */
    MEMORY,
    /** Reads the rounding mode and accrues exceptions, in any order among its kind. */
    FP,
    /** May end the unit at the current instruction, whose state must be as before it. */
    TRAPS,
    /** Ends a block. */
    TERMINATOR,
    /** Marks a place. */
    POSITION
  }

  private final String mnemonic;
  private final String operands;
  private final String results;
  private final int traits;
  private final int fixedOperands;
  private final boolean variadic;
  private final int resultCount;
  private final boolean unary;
  private final boolean binary;

  Op(String mnemonic, String operands, String results, Trait first, Trait... more) {
    this.mnemonic = mnemonic;
    this.operands = operands;
    this.results = results;
    int set = 1 << first.ordinal();
    for (Trait trait : more) {
      set |= 1 << trait.ordinal();
    }
    this.traits = set;
    variadic = operands.endsWith("*");
    fixedOperands = variadic ? operands.length() - 1 : operands.length();
    resultCount = results.length();
    unary = operands.equals("T") && results.equals("T");
    binary = operands.equals("TT") && results.equals("T");
  }

  public String mnemonic() {
    return mnemonic;
  }

  /** A letter for each operand; a trailing {@code *} stands for any number of any type. */
  public String operands() {
    return operands;
  }

  /** Number of operands that every use has. */
  public int fixedOperands() {
    return fixedOperands;
  }

  public boolean variadic() {
    return variadic;
  }

  /** Of one operand to a result of the same type. */
  boolean isUnary() {
    return unary;
  }

  /** Of two operands to a result of the same type. */
  boolean isBinary() {
    return binary;
  }

  /** A letter for each result. */
  public String results() {
    return results;
  }

  /** Number of results. */
  public int resultCount() {
    return resultCount;
  }

  public boolean is(Trait trait) {
    return (traits & 1 << trait.ordinal()) != 0;
  }

  public boolean terminator() {
    return is(Trait.TERMINATOR);
  }
}
