package dev.kasuari.tcg.x86_64;

import dev.kasuari.tcg.CodeImage;
import java.util.Arrays;

/**
 * Prefixes, opcodes, operands and labels: what instructions are made of. Encodings are those of the
 * Intel 64 Software Developer's Manual, volume 2, chapter 2.
 *
 * <p>Code is position-independent but for jumps to addresses outside of it, which {@link #relocate}
 * fills in when it is known where the code will be.
 */
abstract sealed class Encoder permits FlowAssembler {
  /** No mandatory prefix. */
  static final int NO_PREFIX = 0;

  /** REX.W: the operands have 64 bits. */
  static final int REX_W = 8;

  /** VEX prefixes stand for a mandatory prefix by two bits. */
  static final int VEX_NONE = 0;

  static final int VEX_66 = 1;
  static final int VEX_F3 = 2;
  static final int VEX_F2 = 3;

  /** More than the longest instruction. */
  private static final int ROOM = 32;

  private byte[] code = new byte[1024];
  private int length;
  private int[] relocations = new int[16];
  private long[] targets = new long[16];
  private int relocationCount;

  /** Forgets everything. */
  final void reset() {
    flagsUntil = -1;
    length = 0;
    relocationCount = 0;
  }

  /** Bytes so far. */
  final int length() {
    return length;
  }

  /** The bytes; the first {@link #length} count. */
  final byte[] code() {
    return code;
  }

  /** Fills in the jumps that lead outside, for code that will run at {@code address}. */
  final void relocate(long address) {
    for (int r = 0; r < relocationCount; r++) {
      long distance = targets[r] - (address + relocations[r] + 4);
      if (distance != (int) distance) {
        throw new IllegalStateException("a jump of " + distance + " bytes");
      }
      putInt(relocations[r], (int) distance);
    }
  }

  /** Adds to an image where it leads outside: the place of each distance, and the target. */
  final void saveRelocations(CodeImage to, long base) {
    to.add(2 * relocationCount);
    for (int r = 0; r < relocationCount; r++) {
      to.add(relocations[r]);
      to.add((int) (targets[r] - base));
    }
  }

  /** Has a copy of the code lead nowhere. */
  final void clearRelocations(byte[] copy) {
    for (int r = 0; r < relocationCount; r++) {
      Arrays.fill(copy, relocations[r], relocations[r] + 4, (byte) 0);
    }
  }

  // ---- bytes -----------------------------------------------------------------------------------

  /** Makes room for one more instruction, so that its bytes need no check each. */
  private void room() {
    if (code.length - length < ROOM) {
      code = Arrays.copyOf(code, 2 * code.length);
    }
  }

  final void u8(int value) {
    code[length++] = (byte) value;
  }

  final void i16(int value) {
    u8(value);
    u8(value >> 8);
  }

  final void i32(int value) {
    putInt(length, value);
    length += 4;
  }

  private void putInt(int at, int value) {
    code[at] = (byte) value;
    code[at + 1] = (byte) (value >> 8);
    code[at + 2] = (byte) (value >> 16);
    code[at + 3] = (byte) (value >> 24);
  }

  private int getInt(int at) {
    return (code[at] & 0xff)
        | (code[at + 1] & 0xff) << 8
        | (code[at + 2] & 0xff) << 16
        | code[at + 3] << 24;
  }

  /** A byte of data. */
  final void data(int value) {
    room();
    u8(value);
  }

  /** Four bytes of data. */
  final void data32(int value) {
    room();
    i32(value);
  }

  /** Eight bytes of data. */
  final void data64(long value) {
    room();
    i32((int) value);
    i32((int) (value >>> 32));
  }

  /** Fills up with breakpoints to a multiple of {@code alignment}. */
  final void align(int alignment) {
    while (length % alignment != 0) {
      data(0xcc);
    }
  }

  // ---- instructions ----------------------------------------------------------------------------

  static int w(Width width) {
    return width == Width.BITS_64 ? REX_W : 0;
  }

  static int high(int register) {
    return register >> 3;
  }

  /** Registers 4 to 7 name AH to BH in byte instructions unless there is a REX. */
  static int byteRex(Gpr register) {
    int number = register.ordinal();
    return number >= 4 && number < 8 ? 0x10 : 0;
  }

  /**
   * Mandatory prefix, REX, opcode.
   *
   * @param rex REX bits WRXB; 0x10 forces an otherwise empty REX
   * @param opcode with its escape: 0x0fxx, 0x0f38xx, 0x0f3axx
   */
  final void opcode(int prefix, int rex, int opcode) {
    room();
    if (prefix != NO_PREFIX) {
      u8(prefix);
    }
    if (rex != 0) {
      u8(0x40 | (rex & 0xf));
    }
    if (opcode > 0xffff) {
      u8(opcode >> 16);
    }
    if (opcode > 0xff) {
      u8(opcode >> 8);
    }
    u8(opcode);
  }

  /** An instruction whose register is part of its opcode. */
  final void opcodeWith(int rex, int opcode, Gpr register) {
    int number = register.ordinal();
    opcode(NO_PREFIX, rex | high(number), opcode | (number & 7));
  }

  /** An instruction with two register operands, or one and an extension of the opcode. */
  final void registers(int prefix, int rex, int opcode, int reg, int rm) {
    opcode(prefix, rex | high(reg) << 2 | high(rm), opcode);
    u8(0xc0 | (reg & 7) << 3 | (rm & 7));
  }

  final void memory(int prefix, int rex, int opcode, int reg, Mem mem) {
    memory(prefix, rex, opcode, reg, mem, 0);
  }

  /**
   * An instruction with a memory operand.
   *
   * @param immediate bytes of immediate that will follow
   */
  final void memory(int prefix, int rex, int opcode, int reg, Mem mem, int immediate) {
    opcode(prefix, rex | high(reg) << 2 | high(index(mem)) << 1 | high(base(mem)), opcode);
    operand(reg, mem, immediate);
  }

  private static int base(Mem mem) {
    Gpr base = mem.base();
    return base == null ? 0 : base.ordinal();
  }

  private static int index(Mem mem) {
    Gpr index = mem.index();
    return index == null ? 4 : index.ordinal();
  }

  /** ModRM, SIB and displacement. */
  private void operand(int reg, Mem mem, int immediate) {
    Label label = mem.label();
    if (label != null) {
      u8((reg & 7) << 3 | 5);
      reference(label, -immediate);
    } else if (mem.base() == null) {
      u8((reg & 7) << 3 | 4);
      sib(mem, 5);
      i32(mem.displacement());
    } else {
      based(reg, mem);
    }
  }

  private void based(int reg, Mem mem) {
    int base = base(mem) & 7;
    int displacement = mem.displacement();
    // Without a displacement, base 5 (RBP, R13) would mean something else.
    int mod = displacement == 0 && base != 5 ? 0 : displacement == (byte) displacement ? 1 : 2;
    // Base 4 (RSP, R12) announces a SIB byte; there, index 4 means none.
    boolean sib = mem.index() != null || base == 4;
    u8(mod << 6 | (reg & 7) << 3 | (sib ? 4 : base));
    if (sib) {
      sib(mem, base);
    }
    if (mod == 1) {
      u8(displacement);
    } else if (mod == 2) {
      i32(displacement);
    }
  }

  private void sib(Mem mem, int base) {
    u8(Integer.numberOfTrailingZeros(mem.scale()) << 6 | (index(mem) & 7) << 3 | base);
  }

  /**
   * VEX in three bytes and opcode, for 128 bits or scalars.
   *
   * @param opcode 0x0f38xx or 0x0f3axx
   */
  private void vex(int prefix, int w, int opcode, int rxb, int second) {
    room();
    u8(0xc4);
    u8((~rxb & 7) << 5 | (opcode >> 8 == 0x0f38 ? 2 : 3));
    u8(w << 4 | (~second & 15) << 3 | prefix);
    u8(opcode);
  }

  /**
   * A VEX instruction.
   *
   * @param prefix one of the VEX constants
   * @param w 0 or {@link #REX_W}
   * @param second the operand in VEX.vvvv
   */
  final void vexRegisters(int prefix, int w, int opcode, int reg, int second, int rm) {
    vex(prefix, w, opcode, high(reg) << 2 | high(rm), second);
    u8(0xc0 | (reg & 7) << 3 | (rm & 7));
  }

  // ---- the host's flags ------------------------------------------------------------------------

  /** The place up to which the flags are what {@link #keepFlags} found; -1 for nowhere. */
  private int flagsUntil = -1;

  /** The flags that the code before this makes are wanted later. */
  final void keepFlags() {
    flagsUntil = length;
  }

  /** Whether they are still there: all code since is known to leave them, and nothing jumps in. */
  final boolean keepsFlags() {
    return flagsUntil == length;
  }

  /** What was emitted since {@code from} leaves the flags alone. */
  final void flagsStay(int from) {
    if (flagsUntil == from) {
      flagsUntil = length;
    }
  }

  // ---- places ----------------------------------------------------------------------------------

  /** The label is here. */
  final void bind(Label label) {
    flagsUntil = -1;
    label.position = length;
    for (int r = 0; r < label.references(); r++) {
      int at = label.reference(r);
      if (at >= 0) {
        putInt(at, getInt(at) + length - (at + 4));
      } else {
        putByte(~at, length - (~at + 1));
      }
    }
  }

  private void putByte(int at, int distance) {
    if (distance != (byte) distance) {
      throw new IllegalStateException("a short jump of " + distance + " bytes");
    }
    code[at] = (byte) distance;
  }

  /** Four bytes that will hold the distance from their end to the label, plus something. */
  final void reference(Label label, int plus) {
    if (label.position >= 0) {
      i32(label.position - (length + 4) + plus);
    } else {
      label.addReference(length);
      i32(plus);
    }
  }

  /** One byte that will hold the distance. */
  final void shortReference(Label label) {
    if (label.position >= 0) {
      putByte(length, label.position - (length + 1));
    } else {
      label.addReference(~length);
    }
    length++;
  }

  /** Four bytes that will hold the distance to an address outside. */
  final void external(long target) {
    if (relocationCount == relocations.length) {
      relocations = Arrays.copyOf(relocations, 2 * relocationCount);
      targets = Arrays.copyOf(targets, 2 * relocationCount);
    }
    relocations[relocationCount] = length;
    targets[relocationCount++] = target;
    i32(0);
  }
}
