package dev.kasuari.tcg.x86_64;

/**
 * Instructions on vector registers: SSE2's scalars and lanes, and of SSSE3, SSE4, FMA3, F16C,
 * PCLMULQDQ, AES and SHA what translated code needs.
 */
abstract sealed class SseAssembler extends FlowAssembler permits Assembler {
  private static final int SIZE = 0x66;

  private void both(int prefix, int opcode, Xmm to, Xmm from) {
    registers(prefix, 0, opcode, to.ordinal(), from.ordinal());
  }

  private static int packed(Precision precision) {
    return precision == Precision.DOUBLE ? SIZE : NO_PREFIX;
  }

  private static int vexW(Precision precision) {
    return precision == Precision.DOUBLE ? REX_W : 0;
  }

  // ---- moves -----------------------------------------------------------------------------------

  final void stmxcsr(Mem to) {
    memory(NO_PREFIX, 0, 0x0fae, 3, to);
  }

  final void ldmxcsr(Mem from) {
    memory(NO_PREFIX, 0, 0x0fae, 2, from);
  }

  /** The low 32 bits; the rest of the vector register becomes zero. */
  final void movd(Xmm to, Gpr from) {
    registers(SIZE, 0, 0x0f6e, to.ordinal(), from.ordinal());
  }

  final void movd(Gpr to, Xmm from) {
    registers(SIZE, 0, 0x0f7e, from.ordinal(), to.ordinal());
  }

  final void movq(Xmm to, Gpr from) {
    registers(SIZE, REX_W, 0x0f6e, to.ordinal(), from.ordinal());
  }

  final void movq(Gpr to, Xmm from) {
    registers(SIZE, REX_W, 0x0f7e, from.ordinal(), to.ordinal());
  }

  /** Loads 4 or 8 bytes as the precision says; the rest of the register becomes zero. */
  final void load(Precision precision, Xmm to, Mem from) {
    memory(precision.prefix, 0, 0x0f10, to.ordinal(), from);
  }

  final void store(Precision precision, Mem to, Xmm from) {
    memory(precision.prefix, 0, 0x0f11, from.ordinal(), to);
  }

  /** All 128 bits. */
  final void movaps(Xmm to, Xmm from) {
    both(NO_PREFIX, 0x0f28, to, from);
  }

  final void movaps(Xmm to, Mem from) {
    memory(NO_PREFIX, 0, 0x0f28, to.ordinal(), from);
  }

  final void movaps(Mem to, Xmm from) {
    memory(NO_PREFIX, 0, 0x0f29, from.ordinal(), to);
  }

  final void movups(Xmm to, Mem from) {
    memory(NO_PREFIX, 0, 0x0f10, to.ordinal(), from);
  }

  final void movups(Mem to, Xmm from) {
    memory(NO_PREFIX, 0, 0x0f11, from.ordinal(), to);
  }

  /** The low 64 bits of the source above those of the destination. */
  final void punpcklqdq(Xmm to, Xmm from) {
    both(SIZE, 0x0f6c, to, from);
  }

  /** The low 64 bits; those above become zero. */
  final void movq(Xmm to, Xmm from) {
    both(0xf3, 0x0f7e, to, from);
  }

  // ---- lanes of integers -----------------------------------------------------------------------

  final void packed(Packed operation, Xmm to, Xmm from) {
    both(SIZE, operation.opcode, to, from);
  }

  /** The operand is as wide as the operation reads it, and aligned unless it is 8 bytes. */
  final void packed(Packed operation, Xmm to, Mem from) {
    memory(SIZE, 0, operation.opcode, to.ordinal(), from);
  }

  /**
   * Shifts lanes of 2, 4 or 8 bytes, {@code 1 << size}, right with zeros; all become zero by
   * enough.
   */
  final void shiftRight(int size, Xmm register, int count) {
    shiftLanes(size, 2, register, count);
  }

  /** With the sign; of 2 or 4 bytes. */
  final void shiftRightSigned(int size, Xmm register, int count) {
    shiftLanes(size, 4, register, count);
  }

  final void shiftLeft(int size, Xmm register, int count) {
    shiftLanes(size, 6, register, count);
  }

  private void shiftLanes(int size, int extension, Xmm register, int count) {
    registers(SIZE, 0, 0x0f70 + size, extension, register.ordinal());
    u8(count);
  }

  /** Two bits of the order for each of four lanes. */
  final void pshufd(Xmm to, Xmm from, int order) {
    both(SIZE, 0x0f70, to, from);
    u8(order);
  }

  /** The same for the lower four lanes of 2 bytes. */
  final void pshuflw(Xmm to, Xmm from, int order) {
    both(0xf2, 0x0f70, to, from);
    u8(order);
  }

  /** 16 of 32 bytes, of which {@code to} has the upper ones, from a byte (SSSE3). */
  final void palignr(Xmm to, Xmm from, int bytes) {
    both(SIZE, 0x0f3a0f, to, from);
    u8(bytes);
  }

  /** The highest bit of each byte. */
  final void pmovmskb(Gpr to, Xmm from) {
    registers(SIZE, 0, 0x0fd7, to.ordinal(), from.ordinal());
  }

  /** Shifts left by bytes. */
  final void pslldq(Xmm register, int bytes) {
    registers(SIZE, 0, 0x0f73, 7, register.ordinal());
    u8(bytes);
  }

  /** Shifts right by bytes. */
  final void psrldq(Xmm register, int bytes) {
    registers(SIZE, 0, 0x0f73, 3, register.ordinal());
    u8(bytes);
  }

  // ---- arithmetic ------------------------------------------------------------------------------

  final void scalar(Sse operation, Precision precision, Xmm to, Xmm from) {
    both(precision.prefix, operation.opcode, to, from);
  }

  final void scalar(Sse operation, Precision precision, Xmm to, Mem from) {
    memory(precision.prefix, 0, operation.opcode, to.ordinal(), from);
  }

  final void addsd(Xmm to, Xmm from) {
    scalar(Sse.ADD, Precision.DOUBLE, to, from);
  }

  final void mulsd(Xmm to, Xmm from) {
    scalar(Sse.MUL, Precision.DOUBLE, to, from);
  }

  final void logic(SseLogic operation, Xmm to, Xmm from) {
    both(NO_PREFIX, operation.opcode, to, from);
  }

  /** The operand is 16 bytes, aligned. */
  final void logic(SseLogic operation, Xmm to, Mem from) {
    memory(NO_PREFIX, 0, operation.opcode, to.ordinal(), from);
  }

  final void pxor(Xmm to, Xmm from) {
    both(SIZE, 0x0fef, to, from);
  }

  /** Compares into ZF, PF, CF: unordered 111, greater 000, less 001, equal 100. */
  final void ucomis(Precision precision, Xmm a, Xmm b) {
    both(packed(precision), 0x0f2e, a, b);
  }

  /** The same, but a quiet NaN is invalid too. */
  final void comis(Precision precision, Xmm a, Xmm b) {
    both(packed(precision), 0x0f2f, a, b);
  }

  /**
   * Compares into a mask.
   *
   * @param predicate 0 to 7: eq, lt, le, unord, neq, nlt, nle, ord
   */
  final void cmps(Precision precision, Xmm to, Xmm from, int predicate) {
    both(precision.prefix, 0x0fc2, to, from);
    u8(predicate);
  }

  /**
   * Rounds to an integral value (SSE4.1).
   *
   * @param control bits 1:0 MXCSR's number of a mode, bit 2 to use MXCSR's instead, bit 3 to raise
   *     no inexact
   */
  final void rounds(Precision precision, Xmm to, Xmm from, int control) {
    both(SIZE, precision == Precision.DOUBLE ? 0x0f3a0b : 0x0f3a0a, to, from);
    u8(control);
  }

  /** ±(to × second) ± third (FMA3). */
  final void fma213(Fma operation, Precision precision, Xmm to, Xmm second, Xmm third) {
    fma(0x0f38a9, operation, precision, to, second, third);
  }

  /** ±(second × third) ± to (FMA3). */
  final void fma231(Fma operation, Precision precision, Xmm to, Xmm second, Xmm third) {
    fma(0x0f38b9, operation, precision, to, second, third);
  }

  private void fma(int opcode, Fma operation, Precision precision, Xmm to, Xmm second, Xmm third) {
    int variant = opcode + 2 * operation.ordinal();
    int b = second.ordinal();
    vexRegisters(VEX_66, vexW(precision), variant, to.ordinal(), b, third.ordinal());
  }

  /** Carry-less product of 64-bit halves: bit 0 chooses that of {@code to}, bit 4 the other. */
  final void pclmulqdq(Xmm to, Xmm from, int halves) {
    both(SIZE, 0x0f3a44, to, from);
    u8(halves);
  }

  // ---- hashes (SHA) ----------------------------------------------------------------------------

  /**
   * Four rounds of SHA-1 on A to D, with words of the schedule to the first of which E is added.
   */
  final void sha1rnds4(Xmm to, Xmm schedule, int function) {
    both(NO_PREFIX, 0x0f3acc, to, schedule);
    u8(function);
  }

  /** Two rounds on C, D, G, H and A, B, E, F, with words of the schedule in XMM0. */
  final void sha256rnds2(Xmm to, Xmm other) {
    both(NO_PREFIX, 0x0f38cb, to, other);
  }

  final void sha256msg1(Xmm to, Xmm from) {
    both(NO_PREFIX, 0x0f38cc, to, from);
  }

  final void sha256msg2(Xmm to, Xmm from) {
    both(NO_PREFIX, 0x0f38cd, to, from);
  }

  // ---- conversions -----------------------------------------------------------------------------

  /** From the precision to the other one. */
  final void convert(Precision from, Xmm to, Xmm source) {
    both(from.prefix, 0x0f5a, to, source);
  }

  /** To a signed integer by MXCSR's rounding mode; the smallest one if it does not fit. */
  final void toInteger(Precision from, Width width, Gpr to, Xmm source) {
    registers(from.prefix, w(width), 0x0f2d, to.ordinal(), source.ordinal());
  }

  /** The same, rounding toward zero. */
  final void truncate(Precision from, Width width, Gpr to, Xmm source) {
    registers(from.prefix, w(width), 0x0f2c, to.ordinal(), source.ordinal());
  }

  /** From a signed integer; the bits above the precision stay. */
  final void fromInteger(Precision to, Width width, Xmm register, Gpr from) {
    registers(to.prefix, w(width), 0x0f2a, register.ordinal(), from.ordinal());
  }

  /** Four binary16 to binary32 (F16C). */
  final void vcvtph2ps(Xmm to, Xmm from) {
    vexRegisters(VEX_66, 0, 0x0f3813, to.ordinal(), 0, from.ordinal());
  }

  /** Four binary32 to binary16 (F16C); control as {@link #rounds}, but for bit 3. */
  final void vcvtps2ph(Xmm to, Xmm from, int control) {
    vexRegisters(VEX_66, 0, 0x0f3a1d, from.ordinal(), 0, to.ordinal());
    u8(control);
  }
}
