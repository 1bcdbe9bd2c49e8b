package dev.kasuari.tcg.x86_64;

import java.util.Arrays;

/**
 * Writes x86-64 instructions into an array: those that the code generator needs. Encodings are
 * those of the Intel 64 Software Developer's Manual, volume 2.
 *
 * <p>Code is position-independent but for jumps to addresses outside of it ({@link #call}, {@link
 * #jmp(long)}), which {@link #relocate} fills in when it is known where the code will be.
 */
final class Assembler {
  private static final int NO_PREFIX = 0;
  private static final int TWO_BYTES = 0x0f00;

  private byte[] code = new byte[1024];
  private int length;
  private int[] relocations = new int[16];
  private long[] targets = new long[16];
  private int relocationCount;

  /** Forgets everything. */
  void reset() {
    length = 0;
    relocationCount = 0;
  }

  /** Bytes so far. */
  int length() {
    return length;
  }

  /** The bytes; the first {@link #length} count. */
  byte[] code() {
    return code;
  }

  /** Fills in the jumps that lead outside, for code that will run at {@code address}. */
  void relocate(long address) {
    for (int r = 0; r < relocationCount; r++) {
      long distance = targets[r] - (address + relocations[r] + 4);
      if (distance != (int) distance) {
        throw new IllegalStateException("a jump of " + distance + " bytes");
      }
      putInt(relocations[r], (int) distance);
    }
  }

  // ---- bytes -----------------------------------------------------------------------------------

  private void u8(int value) {
    if (length == code.length) {
      code = Arrays.copyOf(code, 2 * length);
    }
    code[length++] = (byte) value;
  }

  private void i32(int value) {
    u8(value);
    u8(value >> 8);
    u8(value >> 16);
    u8(value >> 24);
  }

  private void putInt(int at, int value) {
    code[at] = (byte) value;
    code[at + 1] = (byte) (value >> 8);
    code[at + 2] = (byte) (value >> 16);
    code[at + 3] = (byte) (value >> 24);
  }

  /**
   * Mandatory prefix, REX, opcode.
   *
   * @param rex REX bits WRXB; 0x10 forces an otherwise empty REX
   */
  private void opcode(int prefix, int rex, int opcode) {
    if (prefix != NO_PREFIX) {
      u8(prefix);
    }
    if (rex != 0) {
      u8(0x40 | (rex & 0xf));
    }
    if (opcode >= TWO_BYTES) {
      u8(0x0f);
    }
    u8(opcode);
  }

  private static int w(Width width) {
    return width == Width.BITS_64 ? 8 : 0;
  }

  private static int high(int register) {
    return register >> 3;
  }

  /** Registers 4 to 7 name AH to BH in byte instructions unless there is a REX. */
  private static int byteRex(int register) {
    return register >= 4 && register < 8 ? 0x10 : 0;
  }

  private void registers(int prefix, int rex, int opcode, int reg, int rm) {
    opcode(prefix, rex | high(reg) << 2 | high(rm), opcode);
    u8(0xc0 | (reg & 7) << 3 | (rm & 7));
  }

  private void memory(int prefix, int rex, int opcode, int reg, Mem mem) {
    int base = mem.base().ordinal();
    Gpr index = mem.index();
    int x = index == null ? 0 : high(index.ordinal());
    opcode(prefix, rex | high(reg) << 2 | x << 1 | high(base), opcode);
    int displacement = mem.displacement();
    // Without a displacement, base 5 (RBP, R13) would mean something else.
    int mod =
        displacement == 0 && (base & 7) != 5 ? 0 : displacement == (byte) displacement ? 1 : 2;
    // Base 4 (RSP, R12) announces a SIB byte; there, index 4 means none.
    boolean sib = index != null || (base & 7) == 4;
    u8(mod << 6 | (reg & 7) << 3 | (sib ? 4 : base & 7));
    if (sib) {
      u8((index == null ? 4 : index.ordinal() & 7) << 3 | (base & 7));
    }
    if (mod == 1) {
      u8(displacement);
    } else if (mod == 2) {
      i32(displacement);
    }
  }

  // ---- moves -----------------------------------------------------------------------------------

  void mov(Width width, Gpr to, Gpr from) {
    registers(NO_PREFIX, w(width), 0x8b, to.ordinal(), from.ordinal());
  }

  /** All 64 bits, in the shortest form that leaves the flags alone. */
  void mov(Gpr to, long value) {
    int number = to.ordinal();
    if (value == (value & 0xffffffffL)) {
      opcode(NO_PREFIX, high(number), 0xb8 | (number & 7));
      i32((int) value);
    } else if (value == (int) value) {
      registers(NO_PREFIX, 8, 0xc7, 0, number);
      i32((int) value);
    } else {
      opcode(NO_PREFIX, 8 | high(number), 0xb8 | (number & 7));
      i32((int) value);
      i32((int) (value >>> 32));
    }
  }

  /** Loads 1, 2, 4 or 8 bytes, zero-extended to 64 bits. */
  void load(int bytes, Gpr to, Mem from) {
    switch (bytes) {
      case 1 -> memory(NO_PREFIX, 0, 0x0fb6, to.ordinal(), from);
      case 2 -> memory(NO_PREFIX, 0, 0x0fb7, to.ordinal(), from);
      case 4 -> memory(NO_PREFIX, 0, 0x8b, to.ordinal(), from);
      default -> memory(NO_PREFIX, 8, 0x8b, to.ordinal(), from);
    }
  }

  /** Loads 1, 2 or 4 bytes, sign-extended to the width. */
  void loadSigned(int bytes, Width width, Gpr to, Mem from) {
    switch (bytes) {
      case 1 -> memory(NO_PREFIX, w(width), 0x0fbe, to.ordinal(), from);
      case 2 -> memory(NO_PREFIX, w(width), 0x0fbf, to.ordinal(), from);
      default ->
          memory(NO_PREFIX, w(width), width == Width.BITS_64 ? 0x63 : 0x8b, to.ordinal(), from);
    }
  }

  /** Stores the low 1, 2, 4 or 8 bytes. */
  void store(int bytes, Mem to, Gpr from) {
    int number = from.ordinal();
    switch (bytes) {
      case 1 -> memory(NO_PREFIX, byteRex(number), 0x88, number, to);
      case 2 -> memory(0x66, 0, 0x89, number, to);
      case 4 -> memory(NO_PREFIX, 0, 0x89, number, to);
      default -> memory(NO_PREFIX, 8, 0x89, number, to);
    }
  }

  /** Stores a constant in 4 or 8 bytes, sign-extended. */
  void store(int bytes, Mem to, int value) {
    memory(NO_PREFIX, bytes == 8 ? 8 : 0, 0xc7, 0, to);
    i32(value);
  }

  /** The low 1, 2 or 4 bytes, zero-extended to 64 bits. */
  void zeroExtend(int bytes, Gpr to, Gpr from) {
    int d = to.ordinal();
    int s = from.ordinal();
    switch (bytes) {
      case 1 -> registers(NO_PREFIX, byteRex(s), 0x0fb6, d, s);
      case 2 -> registers(NO_PREFIX, 0, 0x0fb7, d, s);
      default -> registers(NO_PREFIX, 0, 0x8b, d, s);
    }
  }

  /** The low 1, 2 or (in 64 bits) 4 bytes, sign-extended to the width. */
  void signExtend(int bytes, Width width, Gpr to, Gpr from) {
    int d = to.ordinal();
    int s = from.ordinal();
    switch (bytes) {
      case 1 -> registers(NO_PREFIX, w(width) | byteRex(s), 0x0fbe, d, s);
      case 2 -> registers(NO_PREFIX, w(width), 0x0fbf, d, s);
      default -> registers(NO_PREFIX, 8, 0x63, d, s);
    }
  }

  void lea(Gpr to, Mem address) {
    memory(NO_PREFIX, 8, 0x8d, to.ordinal(), address);
  }

  void push(Gpr register) {
    opcode(NO_PREFIX, high(register.ordinal()), 0x50 | (register.ordinal() & 7));
  }

  void pop(Gpr register) {
    opcode(NO_PREFIX, high(register.ordinal()), 0x58 | (register.ordinal() & 7));
  }

  void pop(Mem to) {
    memory(NO_PREFIX, 0, 0x8f, 0, to);
  }

  // ---- arithmetic ------------------------------------------------------------------------------

  void alu(Alu operation, Width width, Gpr to, Gpr from) {
    registers(NO_PREFIX, w(width), operation.ordinal() << 3 | 3, to.ordinal(), from.ordinal());
  }

  void alu(Alu operation, Width width, Gpr to, Mem from) {
    memory(NO_PREFIX, w(width), operation.ordinal() << 3 | 3, to.ordinal(), from);
  }

  void alu(Alu operation, Width width, Mem to, Gpr from) {
    memory(NO_PREFIX, w(width), operation.ordinal() << 3 | 1, from.ordinal(), to);
  }

  void alu(Alu operation, Width width, Gpr to, int value) {
    boolean small = value == (byte) value;
    registers(NO_PREFIX, w(width), small ? 0x83 : 0x81, operation.ordinal(), to.ordinal());
    immediate(small, value);
  }

  void alu(Alu operation, Width width, Mem to, int value) {
    boolean small = value == (byte) value;
    memory(NO_PREFIX, w(width), small ? 0x83 : 0x81, operation.ordinal(), to);
    immediate(small, value);
  }

  private void immediate(boolean small, int value) {
    if (small) {
      u8(value);
    } else {
      i32(value);
    }
  }

  void test(Width width, Gpr a, Gpr b) {
    registers(NO_PREFIX, w(width), 0x85, b.ordinal(), a.ordinal());
  }

  /** The low half of the product. */
  void imul(Width width, Gpr to, Gpr from) {
    registers(NO_PREFIX, w(width), 0x0faf, to.ordinal(), from.ordinal());
  }

  void not(Width width, Gpr register) {
    registers(NO_PREFIX, w(width), 0xf7, 2, register.ordinal());
  }

  void neg(Width width, Gpr register) {
    registers(NO_PREFIX, w(width), 0xf7, 3, register.ordinal());
  }

  void shift(Shift shift, Width width, Gpr register, int count) {
    registers(NO_PREFIX, w(width), 0xc1, shift.number, register.ordinal());
    u8(count);
  }

  /** Shifts by CL modulo the width. */
  void shiftByCl(Shift shift, Width width, Gpr register) {
    registers(NO_PREFIX, w(width), 0xd3, shift.number, register.ordinal());
  }

  /** The low byte becomes 1 or 0. */
  void set(Cc condition, Gpr to) {
    int number = to.ordinal();
    registers(NO_PREFIX, byteRex(number), 0x0f90 | condition.ordinal(), 0, number);
  }

  void cmov(Cc condition, Width width, Gpr to, Gpr from) {
    registers(NO_PREFIX, w(width), 0x0f40 | condition.ordinal(), to.ordinal(), from.ordinal());
  }

  // ---- control ---------------------------------------------------------------------------------

  void bind(Label label) {
    label.position = length;
    for (int at : label.jumps()) {
      putInt(at, length - (at + 4));
    }
  }

  private void rel32(Label label) {
    if (label.position >= 0) {
      i32(label.position - (length + 4));
    } else {
      label.addJump(length);
      i32(0);
    }
  }

  void j(Cc condition, Label to) {
    opcode(NO_PREFIX, 0, 0x0f80 | condition.ordinal());
    rel32(to);
  }

  void jmp(Label to) {
    u8(0xe9);
    rel32(to);
  }

  /** Jumps to an address outside of this code. */
  void jmp(long target) {
    u8(0xe9);
    external(target);
  }

  /** Calls an address outside of this code. */
  void call(long target) {
    u8(0xe8);
    external(target);
  }

  void jmp(Gpr target) {
    registers(NO_PREFIX, 0, 0xff, 4, target.ordinal());
  }

  void ret() {
    u8(0xc3);
  }

  private void external(long target) {
    if (relocationCount == relocations.length) {
      relocations = Arrays.copyOf(relocations, 2 * relocationCount);
      targets = Arrays.copyOf(targets, 2 * relocationCount);
    }
    relocations[relocationCount] = length;
    targets[relocationCount++] = target;
    i32(0);
  }

  /** Fills up with breakpoints to a multiple of {@code alignment}. */
  void align(int alignment) {
    while (length % alignment != 0) {
      u8(0xcc);
    }
  }

  /** A byte of data. */
  void data(int value) {
    u8(value);
  }

  // ---- floating point --------------------------------------------------------------------------

  void stmxcsr(Mem to) {
    memory(NO_PREFIX, 0, 0x0fae, 3, to);
  }

  void ldmxcsr(Mem from) {
    memory(NO_PREFIX, 0, 0x0fae, 2, from);
  }

  void movq(Xmm to, Gpr from) {
    registers(0x66, 8, 0x0f6e, to.ordinal(), from.ordinal());
  }

  void movq(Gpr to, Xmm from) {
    registers(0x66, 8, 0x0f7e, from.ordinal(), to.ordinal());
  }

  void addsd(Xmm to, Xmm from) {
    registers(0xf2, 0, 0x0f58, to.ordinal(), from.ordinal());
  }

  void mulsd(Xmm to, Xmm from) {
    registers(0xf2, 0, 0x0f59, to.ordinal(), from.ordinal());
  }
}
