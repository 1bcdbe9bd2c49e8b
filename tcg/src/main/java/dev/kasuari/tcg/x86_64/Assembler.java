package dev.kasuari.tcg.x86_64;

/**
 * Writes x86-64 instructions into an array: those that translated code needs. Encodings are those
 * of the Intel 64 Software Developer's Manual, volume 2. Sizes in bytes are 1, 2, 4 or 8.
 *
 * <p>Hot: every translated instruction passes through here.
 */
final class Assembler extends SseAssembler {
  private static final int SIZE = 0x66;
  private static final int LOCK = 0xf0;

  /** Prefix for an operand of a size. */
  private static int prefix(int bytes) {
    return bytes == 2 ? SIZE : NO_PREFIX;
  }

  private static int rex(int bytes) {
    return bytes == 8 ? REX_W : 0;
  }

  /** REX for an operand of a size in a register. */
  private static int rex(int bytes, Gpr register) {
    return bytes == 1 ? byteRex(register) : rex(bytes);
  }

  /** Most opcodes are even for bytes and odd for the other sizes. */
  private static int sized(int opcode, int bytes) {
    return bytes == 1 ? opcode : opcode | 1;
  }

  private static int immediateBytes(int bytes) {
    return Math.min(bytes, 4);
  }

  private void immediate(int bytes, int value) {
    switch (bytes) {
      case 1 -> u8(value);
      case 2 -> i16(value);
      default -> i32(value);
    }
  }

  /** Either operand order of an instruction with a register and a memory operand. */
  private void sized(int bytes, int opcode, Gpr register, Mem mem) {
    memory(prefix(bytes), rex(bytes, register), sized(opcode, bytes), register.ordinal(), mem);
  }

  private void group(Width width, int opcode, int number, Gpr register) {
    registers(NO_PREFIX, w(width), opcode, number, register.ordinal());
  }

  private void both(int prefix, Width width, int opcode, Gpr to, Gpr from) {
    registers(prefix, w(width), opcode, to.ordinal(), from.ordinal());
  }

  // ---- moves -----------------------------------------------------------------------------------

  void mov(Width width, Gpr to, Gpr from) {
    int start = length();
    both(NO_PREFIX, width, 0x8b, to, from);
    flagsStay(start);
  }

  /** All 64 bits, in the shortest form that leaves the flags alone. */
  void mov(Gpr to, long value) {
    int start = length();
    if (value == (value & 0xffffffffL)) {
      opcodeWith(0, 0xb8, to);
      i32((int) value);
    } else if (value == (int) value) {
      registers(NO_PREFIX, REX_W, 0xc7, 0, to.ordinal());
      i32((int) value);
    } else {
      opcodeWith(REX_W, 0xb8, to);
      i32((int) value);
      i32((int) (value >>> 32));
    }
    flagsStay(start);
  }

  /** Shorter than moving 0, but changes the flags. */
  void zero(Gpr register) {
    alu(Alu.XOR, Width.BITS_32, register, register);
  }

  /** Loads 1, 2, 4 or 8 bytes, zero-extended to 64 bits. */
  void load(int bytes, Gpr to, Mem from) {
    int start = length();
    switch (bytes) {
      case 1 -> memory(NO_PREFIX, 0, 0x0fb6, to.ordinal(), from);
      case 2 -> memory(NO_PREFIX, 0, 0x0fb7, to.ordinal(), from);
      case 4 -> memory(NO_PREFIX, 0, 0x8b, to.ordinal(), from);
      default -> memory(NO_PREFIX, REX_W, 0x8b, to.ordinal(), from);
    }
    flagsStay(start);
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
    int start = length();
    sized(bytes, 0x88, from, to);
    flagsStay(start);
  }

  /** Stores a constant in 1, 2, 4 or 8 bytes, sign-extended. */
  void store(int bytes, Mem to, int value) {
    int start = length();
    int size = immediateBytes(bytes);
    memory(prefix(bytes), rex(bytes), sized(0xc6, bytes), 0, to, size);
    immediate(size, value);
    flagsStay(start);
  }

  /** Loads 2, 4 or 8 bytes in the opposite order (MOVBE); 2 bytes leave the others alone. */
  void loadSwapped(int bytes, Gpr to, Mem from) {
    memory(prefix(bytes), rex(bytes), 0x0f38f0, to.ordinal(), from);
  }

  /** Stores 2, 4 or 8 bytes in the opposite order (MOVBE). */
  void storeSwapped(int bytes, Mem to, Gpr from) {
    memory(prefix(bytes), rex(bytes), 0x0f38f1, from.ordinal(), to);
  }

  /** The low 1, 2 or 4 bytes, zero-extended to 64 bits. */
  void zeroExtend(int bytes, Gpr to, Gpr from) {
    int start = length();
    int d = to.ordinal();
    int s = from.ordinal();
    switch (bytes) {
      case 1 -> registers(NO_PREFIX, byteRex(from), 0x0fb6, d, s);
      case 2 -> registers(NO_PREFIX, 0, 0x0fb7, d, s);
      default -> registers(NO_PREFIX, 0, 0x8b, d, s);
    }
    flagsStay(start);
  }

  /** The low 1, 2 or (in 64 bits) 4 bytes, sign-extended to the width. */
  void signExtend(int bytes, Width width, Gpr to, Gpr from) {
    int d = to.ordinal();
    int s = from.ordinal();
    switch (bytes) {
      case 1 -> registers(NO_PREFIX, w(width) | byteRex(from), 0x0fbe, d, s);
      case 2 -> registers(NO_PREFIX, w(width), 0x0fbf, d, s);
      default -> registers(NO_PREFIX, REX_W, 0x63, d, s);
    }
  }

  void lea(Gpr to, Mem address) {
    lea(Width.BITS_64, to, address);
  }

  /** In 32 bits, the low half of the address, zero-extended. */
  void lea(Width width, Gpr to, Mem address) {
    int start = length();
    memory(NO_PREFIX, w(width), 0x8d, to.ordinal(), address);
    flagsStay(start);
  }

  void xchg(Width width, Gpr a, Gpr b) {
    both(NO_PREFIX, width, 0x87, a, b);
  }

  void push(Gpr register) {
    opcodeWith(0, 0x50, register);
  }

  void push(Mem from) {
    memory(NO_PREFIX, 0, 0xff, 6, from);
  }

  /** Sign-extended. */
  void push(int value) {
    boolean small = value == (byte) value;
    opcode(NO_PREFIX, 0, small ? 0x6a : 0x68);
    immediate(small ? 1 : 4, value);
  }

  void pop(Gpr register) {
    opcodeWith(0, 0x58, register);
  }

  void pop(Mem to) {
    memory(NO_PREFIX, 0, 0x8f, 0, to);
  }

  // ---- arithmetic ------------------------------------------------------------------------------

  void alu(Alu operation, Width width, Gpr to, Gpr from) {
    both(NO_PREFIX, width, operation.ordinal() << 3 | 3, to, from);
  }

  void alu(Alu operation, Width width, Gpr to, Mem from) {
    memory(NO_PREFIX, w(width), operation.ordinal() << 3 | 3, to.ordinal(), from);
  }

  void alu(Alu operation, Width width, Mem to, Gpr from) {
    memory(NO_PREFIX, w(width), operation.ordinal() << 3 | 1, from.ordinal(), to);
  }

  void alu(Alu operation, Width width, Gpr to, int value) {
    boolean small = value == (byte) value;
    group(width, small ? 0x83 : 0x81, operation.ordinal(), to);
    immediate(small ? 1 : 4, value);
  }

  void alu(Alu operation, Width width, Mem to, int value) {
    alu(operation, width == Width.BITS_64 ? 8 : 4, to, value);
  }

  /** On the low 1, 2, 4 or 8 bytes; of a register the bytes above 2 stay. */
  void alu(Alu operation, int bytes, Gpr to, Gpr from) {
    int rex = bytes == 1 ? byteRex(to) | byteRex(from) : rex(bytes);
    int opcode = sized(operation.ordinal() << 3 | 2, bytes);
    registers(prefix(bytes), rex, opcode, to.ordinal(), from.ordinal());
  }

  void alu(Alu operation, int bytes, Gpr to, Mem from) {
    sized(bytes, operation.ordinal() << 3 | 2, to, from);
  }

  void alu(Alu operation, int bytes, Mem to, Gpr from) {
    sized(bytes, operation.ordinal() << 3, from, to);
  }

  void alu(Alu operation, int bytes, Gpr to, int value) {
    int size = value == (byte) value ? 1 : immediateBytes(bytes);
    int opcode = bytes == 1 ? 0x80 : size == 1 ? 0x83 : 0x81;
    registers(prefix(bytes), rex(bytes, to), opcode, operation.ordinal(), to.ordinal());
    immediate(size, value);
  }

  void alu(Alu operation, int bytes, Mem to, int value) {
    int size = value == (byte) value ? 1 : immediateBytes(bytes);
    int opcode = bytes == 1 ? 0x80 : size == 1 ? 0x83 : 0x81;
    memory(prefix(bytes), rex(bytes), opcode, operation.ordinal(), to, size);
    immediate(size, value);
  }

  void test(Width width, Gpr a, Gpr b) {
    both(NO_PREFIX, width, 0x85, b, a);
  }

  /** With 0 to 127 only the low byte is looked at: the flags are the same. */
  void test(Width width, Gpr register, int value) {
    boolean small = value >= 0 && value <= Byte.MAX_VALUE;
    int rex = small ? byteRex(register) : w(width);
    registers(NO_PREFIX, rex, small ? 0xf6 : 0xf7, 0, register.ordinal());
    immediate(small ? 1 : 4, value);
  }

  void test(int bytes, Mem mem, Gpr register) {
    sized(bytes, 0x84, register, mem);
  }

  void test(int bytes, Mem mem, int value) {
    int size = immediateBytes(bytes);
    memory(prefix(bytes), rex(bytes), sized(0xf6, bytes), 0, mem, size);
    immediate(size, value);
  }

  /** The low half of the product. */
  void imul(Width width, Gpr to, Gpr from) {
    both(NO_PREFIX, width, 0x0faf, to, from);
  }

  void imul(Width width, Gpr to, Mem from) {
    memory(NO_PREFIX, w(width), 0x0faf, to.ordinal(), from);
  }

  void imul(Width width, Gpr to, Gpr from, int factor) {
    boolean small = factor == (byte) factor;
    both(NO_PREFIX, width, small ? 0x6b : 0x69, to, from);
    immediate(small ? 1 : 4, factor);
  }

  void not(Width width, Gpr register) {
    group(width, 0xf7, 2, register);
  }

  void neg(Width width, Gpr register) {
    group(width, 0xf7, 3, register);
  }

  /** RDX:RAX = RAX × register, unsigned. */
  void mul(Width width, Gpr register) {
    group(width, 0xf7, 4, register);
  }

  /** RDX:RAX = RAX × register, signed. */
  void imul(Width width, Gpr register) {
    group(width, 0xf7, 5, register);
  }

  /** RAX = RDX:RAX ÷ register, RDX the remainder, unsigned; traps where it does not fit. */
  void div(Width width, Gpr register) {
    group(width, 0xf7, 6, register);
  }

  /** RAX = RDX:RAX ÷ register, RDX the remainder, signed; traps where it does not fit. */
  void idiv(Width width, Gpr register) {
    group(width, 0xf7, 7, register);
  }

  /** RDX = copies of RAX's sign. */
  void cdq(Width width) {
    opcode(NO_PREFIX, w(width), 0x99);
  }

  void shift(Shift shift, Width width, Gpr register, int count) {
    group(width, count == 1 ? 0xd1 : 0xc1, shift.number, register);
    if (count != 1) {
      u8(count);
    }
  }

  /** Shifts by CL modulo the width. */
  void shiftByCl(Shift shift, Width width, Gpr register) {
    group(width, 0xd3, shift.number, register);
  }

  /** Shifts left, bits of {@code from} coming in. */
  void shld(Width width, Gpr to, Gpr from, int count) {
    both(NO_PREFIX, width, 0x0fa4, from, to);
    u8(count);
  }

  void shldByCl(Width width, Gpr to, Gpr from) {
    both(NO_PREFIX, width, 0x0fa5, from, to);
  }

  /** Shifts right, bits of {@code from} coming in. */
  void shrd(Width width, Gpr to, Gpr from, int count) {
    both(NO_PREFIX, width, 0x0fac, from, to);
    u8(count);
  }

  void shrdByCl(Width width, Gpr to, Gpr from) {
    both(NO_PREFIX, width, 0x0fad, from, to);
  }

  // ---- bits ------------------------------------------------------------------------------------

  void bswap(Width width, Gpr register) {
    opcodeWith(w(width), 0x0fc8, register);
  }

  /** Of zero: ZF, and {@code to} stays. */
  void bsf(Width width, Gpr to, Gpr from) {
    both(NO_PREFIX, width, 0x0fbc, to, from);
  }

  /** Of zero: ZF, and {@code to} stays. */
  void bsr(Width width, Gpr to, Gpr from) {
    both(NO_PREFIX, width, 0x0fbd, to, from);
  }

  void tzcnt(Width width, Gpr to, Gpr from) {
    both(0xf3, width, 0x0fbc, to, from);
  }

  void lzcnt(Width width, Gpr to, Gpr from) {
    both(0xf3, width, 0x0fbd, to, from);
  }

  void popcnt(Width width, Gpr to, Gpr from) {
    both(0xf3, width, 0x0fb8, to, from);
  }

  /** CF = bit {@code number} of the register. */
  void bt(Width width, Gpr register, int number) {
    group(width, 0x0fba, 4, register);
    u8(number);
  }

  void bt(Width width, Gpr register, Gpr number) {
    both(NO_PREFIX, width, 0x0fa3, number, register);
  }

  private void bmi(int prefix, Width width, int opcode, Gpr reg, Gpr second, Gpr rm) {
    vexRegisters(prefix, w(width), opcode, reg.ordinal(), second.ordinal(), rm.ordinal());
  }

  /** {@code b & ~a} (BMI1). */
  void andn(Width width, Gpr to, Gpr a, Gpr b) {
    bmi(VEX_NONE, width, 0x0f38f2, to, a, b);
  }

  /** Clears the lowest one (BMI1). */
  void blsr(Width width, Gpr to, Gpr from) {
    vexRegisters(VEX_NONE, w(width), 0x0f38f3, 1, to.ordinal(), from.ordinal());
  }

  /** Bits of {@code from}; {@code field} is position | length << 8 (BMI1). */
  void bextr(Width width, Gpr to, Gpr from, Gpr field) {
    bmi(VEX_NONE, width, 0x0f38f7, to, field, from);
  }

  /** Clears the bits from {@code from} on (BMI2). */
  void bzhi(Width width, Gpr to, Gpr value, Gpr from) {
    bmi(VEX_NONE, width, 0x0f38f5, to, from, value);
  }

  /** Shifts without touching the flags (BMI2): SHLX, SHRX, SARX. */
  void shiftBy(Shift shift, Width width, Gpr to, Gpr from, Gpr count) {
    int prefix =
        switch (shift) {
          case SHL -> VEX_66;
          case SHR -> VEX_F2;
          case SAR -> VEX_F3;
          case ROL, ROR -> throw new IllegalArgumentException("no instruction: " + shift);
        };
    bmi(prefix, width, 0x0f38f7, to, count, from);
  }

  /** Rotates right without touching the flags (BMI2). */
  void rorx(Width width, Gpr to, Gpr from, int count) {
    vexRegisters(VEX_F2, w(width), 0x0f3af0, to.ordinal(), 0, from.ordinal());
    u8(count);
  }

  /** high:low = RDX × factor, unsigned, without touching the flags (BMI2). */
  void mulx(Width width, Gpr high, Gpr low, Gpr factor) {
    bmi(VEX_F2, width, 0x0f38f6, high, low, factor);
  }

  /** Puts the low bits where the mask has ones (BMI2). */
  void pdep(Width width, Gpr to, Gpr from, Gpr mask) {
    bmi(VEX_F2, width, 0x0f38f5, to, from, mask);
  }

  /** Gathers the bits where the mask has ones (BMI2). */
  void pext(Width width, Gpr to, Gpr from, Gpr mask) {
    bmi(VEX_F3, width, 0x0f38f5, to, from, mask);
  }

  // ---- conditions ------------------------------------------------------------------------------

  /** The low byte becomes 1 or 0. */
  void set(Cc condition, Gpr to) {
    int start = length();
    registers(NO_PREFIX, byteRex(to), 0x0f90 | condition.ordinal(), 0, to.ordinal());
    flagsStay(start);
  }

  void set(Cc condition, Mem to) {
    memory(NO_PREFIX, 0, 0x0f90 | condition.ordinal(), 0, to);
  }

  void cmov(Cc condition, Width width, Gpr to, Gpr from) {
    int start = length();
    both(NO_PREFIX, width, 0x0f40 | condition.ordinal(), to, from);
    flagsStay(start);
  }

  /** Reads memory whether the condition holds or not. */
  void cmov(Cc condition, Width width, Gpr to, Mem from) {
    memory(NO_PREFIX, w(width), 0x0f40 | condition.ordinal(), to.ordinal(), from);
  }

  // ---- atomic memory ---------------------------------------------------------------------------

  private void lock() {
    opcode(NO_PREFIX, 0, LOCK);
  }

  /** Atomic by itself. */
  void xchg(int bytes, Mem mem, Gpr register) {
    sized(bytes, 0x86, register, mem);
  }

  void lockAlu(Alu operation, int bytes, Mem to, Gpr from) {
    lock();
    alu(operation, bytes, to, from);
  }

  void lockAlu(Alu operation, int bytes, Mem to, int value) {
    lock();
    alu(operation, bytes, to, value);
  }

  /** Adds; the register becomes what was there. */
  void lockXadd(int bytes, Mem mem, Gpr register) {
    lock();
    sized(bytes, 0x0fc0, register, mem);
  }

  /** Replaces what equals RAX; RAX becomes what was there, ZF says whether it was equal. */
  void lockCmpxchg(int bytes, Mem mem, Gpr replacement) {
    lock();
    cmpxchg(bytes, mem, replacement);
  }

  /** The same, atomic only for what runs on the same processor. */
  void cmpxchg(int bytes, Mem mem, Gpr replacement) {
    sized(bytes, 0x0fb0, replacement, mem);
  }

  /** Replaces 16 bytes, aligned, that equal RDX:RAX by RCX:RBX (CX16). */
  void lockCmpxchg16b(Mem mem) {
    lock();
    memory(NO_PREFIX, REX_W, 0x0fc7, 1, mem);
  }

  /** SF, ZF, AF, PF and CF into AH. */
  void lahf() {
    int start = length();
    u8(0x9f);
    flagsStay(start);
  }

  /** The same flags from AH. */
  void sahf() {
    u8(0x9e);
  }

  /** Inverts CF. */
  void cmc() {
    u8(0xf5);
  }

  void mfence() {
    opcode(NO_PREFIX, 0, 0x0faef0);
  }

  void pause() {
    opcode(NO_PREFIX, 0, 0xf390);
  }
}
