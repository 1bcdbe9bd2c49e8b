package dev.kasuari.tcg.interp;

/**
 * The interpreter's own instruction words: an opcode, then the words named beside it. {@code d} is
 * the slot written, {@code a b c} slots read, {@code i} a 32-bit immediate, {@code @} a word index
 * in the same code. A slot is an index into the frame; a 32-bit value sits sign-extended in its
 * slot. Whatever is not hot is {@link #SLOW}: the index of the IR operation, done from its row.
 *
 * <p>What may trap ends with {@code n}, the number of its guest instruction. The forms from {@link
 * #X_CONST} on work on guest registers, which are offsets in the state ({@code x y z}): each stands
 * for a sequence of operations that a load-store architecture makes again and again; see {@link
 * Fusion}.
 */
final class Opcode {
  static final int UNIT_START = 0; // i
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

  static final int LOAD_1U = 52; // d a regime desc n, and so on to LOAD_8
  static final int LOAD_1S = 53;
  static final int LOAD_2U = 54;
  static final int LOAD_2S = 55;
  static final int LOAD_4U = 56;
  static final int LOAD_4S = 57;
  static final int LOAD_8 = 58;
  static final int STORE_1 = 59; // a b regime desc n, and so on to STORE_8
  static final int STORE_2 = 60;
  static final int STORE_4 = 61;
  static final int STORE_8 = 62;
  static final int MEMORY = 63; // i n: any other operation on guest memory

  static final int SLOW = 64; // i
  static final int CALL = 65; // d helper a b c n; -1 for an argument that is not passed
  static final int GOTO = 66; // i slot n
  static final int JUMP = 67; // a n kind
  static final int EXIT = 68; // a reason n
  static final int RAISE = 69; // a cause n

  static final int X_CONST = 70; // x i
  static final int X_ADD = 71; // x y z, and so on to X_SUB_32
  static final int X_SUB = 72;
  static final int X_AND = 73;
  static final int X_OR = 74;
  static final int X_XOR = 75;
  static final int X_ADD_32 = 76;
  static final int X_SUB_32 = 77;
  static final int X_ADD_I = 78; // x y i, and so on to X_SHL_32_I
  static final int X_AND_I = 79;
  static final int X_OR_I = 80;
  static final int X_XOR_I = 81;
  static final int X_SHL_I = 82;
  static final int X_SHR_I = 83;
  static final int X_SAR_I = 84;
  static final int X_ADD_32_I = 85;
  static final int X_SHL_32_I = 86;
  static final int X_LOAD_1U = 87; // x y i regime desc n, and so on to X_LOAD_8
  static final int X_LOAD_1S = 88;
  static final int X_LOAD_2U = 89;
  static final int X_LOAD_2S = 90;
  static final int X_LOAD_4U = 91;
  static final int X_LOAD_4S = 92;
  static final int X_LOAD_8 = 93;
  static final int X_STORE_1 = 94; // y i z regime desc n, and so on to X_STORE_8
  static final int X_STORE_2 = 95;
  static final int X_STORE_4 = 96;
  static final int X_STORE_8 = 97;
  static final int X_BR_EQ = 98; // y z @taken @else, and so on to X_BR_GEU
  static final int X_BR_NE = 99;
  static final int X_BR_LT = 100;
  static final int X_BR_GE = 101;
  static final int X_BR_LTU = 102;
  static final int X_BR_GEU = 103;
  static final int X_BR_EQ_I = 104; // y i @taken @else, and so on to X_BR_GE_I
  static final int X_BR_NE_I = 105;
  static final int X_BR_LT_I = 106;
  static final int X_BR_GE_I = 107;

  private Opcode() {}
}
