package dev.kasuari.tcg.interp;

/**
 * The interpreter's own instruction words: an opcode, then the words named beside it. {@code d} is
 * the slot written, {@code a b c} slots read, {@code i} a 32-bit immediate, {@code @} a word index
 * in the same code. A slot is an index into the frame; a 32-bit value sits sign-extended in its
 * slot. Whatever is not hot is {@link #SLOW}: the index of the IR operation, done from its row.
 */
final class Opcode {
  static final int UNIT_START = 0; // i
  static final int INSN_START = 1; // i
  static final int CONST = 2; // d i
  static final int CONST_WIDE = 3; // d low high
  static final int PC = 4; // d i
  static final int MOVE = 5; // d a
  static final int GET_8 = 6; // d offset
  static final int GET_4U = 7; // d offset
  static final int GET_4S = 8; // d offset
  static final int SET_8 = 9; // a offset
  static final int SET_4 = 10; // a offset

  static final int ADD = 11; // d a b, and so on to SAR
  static final int SUB = 12;
  static final int MUL = 13;
  static final int AND = 14;
  static final int OR = 15;
  static final int XOR = 16;
  static final int SHL = 17;
  static final int SHR = 18;
  static final int SAR = 19;
  static final int ADD_32 = 20;
  static final int SUB_32 = 21;
  static final int MUL_32 = 22;
  static final int SHL_32 = 23;
  static final int SHR_32 = 24;
  static final int SAR_32 = 25;

  static final int ADD_I = 26; // d a i, and so on to SAR_32_I
  static final int AND_I = 27;
  static final int OR_I = 28;
  static final int XOR_I = 29;
  static final int SHL_I = 30;
  static final int SHR_I = 31;
  static final int SAR_I = 32;
  static final int ADD_32_I = 33;
  static final int SHL_32_I = 34;
  static final int SHR_32_I = 35;
  static final int SAR_32_I = 36;

  static final int NARROW = 37; // d a
  static final int WIDEN_U = 38; // d a
  static final int SEXT = 39; // d a shift
  static final int ZEXT = 40; // d a shift
  static final int EXTRACT = 41; // d a left right
  static final int SETCOND = 42; // d a b cond
  static final int SELECT = 43; // d a b cond c e

  static final int BR = 44; // @
  static final int BR_EQ = 45; // a b @taken @else, and so on to BR_GEU
  static final int BR_NE = 46;
  static final int BR_LT = 47;
  static final int BR_GE = 48;
  static final int BR_LTU = 49;
  static final int BR_GEU = 50;
  static final int BR_COND = 51; // a b @taken @else cond

  static final int LOAD_1U = 52; // d a regime desc, and so on to LOAD_8
  static final int LOAD_1S = 53;
  static final int LOAD_2U = 54;
  static final int LOAD_2S = 55;
  static final int LOAD_4U = 56;
  static final int LOAD_4S = 57;
  static final int LOAD_8 = 58;
  static final int STORE_1 = 59; // a b regime desc, and so on to STORE_8
  static final int STORE_2 = 60;
  static final int STORE_4 = 61;
  static final int STORE_8 = 62;
  static final int MEMORY = 63; // i: any other operation on guest memory

  static final int SLOW = 64; // i
  static final int CALL = 65; // d helper a b c; -1 for an argument that is not passed
  static final int GOTO = 66; // i slot
  static final int JUMP = 67; // a
  static final int EXIT = 68; // a reason
  static final int RAISE = 69; // a cause

  private Opcode() {}
}
