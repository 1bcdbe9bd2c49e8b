package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Gpr.R14;
import static dev.kasuari.tcg.x86_64.Gpr.RAX;
import static dev.kasuari.tcg.x86_64.Gpr.RBP;
import static dev.kasuari.tcg.x86_64.Gpr.RBX;
import static dev.kasuari.tcg.x86_64.Gpr.RCX;
import static dev.kasuari.tcg.x86_64.Gpr.RDI;
import static dev.kasuari.tcg.x86_64.Gpr.RDX;
import static dev.kasuari.tcg.x86_64.Gpr.RSI;
import static dev.kasuari.tcg.x86_64.Gpr.RSP;

import dev.kasuari.host.ExecutableMemory;
import dev.kasuari.machine.cpu.LaneHash;
import dev.kasuari.machine.cpu.StateLayout;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.SoftMmu;

/**
 * What code of all units shares: the way into translated code, the ways out of it, and what is too
 * large to be in line; emitted once for each code space. What the registers are inside, {@link
 * CodeGenerator} says. Outside, everything is as the System V ABI wants it, and MXCSR is bit for
 * bit what it was: Java's arithmetic depends on it.
 *
 * @param enter function of state and code: runs the code until it leaves; the site, or 0 for a
 *     fault
 * @param resume the same, at an address at which registers are those of the record, with the result
 *     in RAX
 * @param leave where code calls to leave for good, with one operand in RAX
 * @param exit where code calls to leave and come back, with operands in RAX, RDX and RCX
 * @param fault where the fault handler goes on
 * @param victims where code calls for an entry of the soft MMU that another one displaced, for the
 *     first regime and reading; {@link #victim}
 * @param hash where code calls for {@link dev.kasuari.tcg.ir.Op#HASH}, with the lanes in RAX, RDX,
 *     RCX and where a fourth operand is passed; the result is in RAX, and RDX and RCX are used
 * @param flagTable 64 bytes: softfloat's flags for MXCSR's
 * @param size bytes of all this
 */
record Stubs(
    long enter,
    long resume,
    long leave,
    long exit,
    long fault,
    long victims,
    long hash,
    long flagTable,
    int size) {
  /** Room that the stubs have. */
  static final int BYTES = 12288;

  /** Bytes from one of {@link #victims} to the next. */
  private static final int VICTIM_BYTES = 240;

  /** What the ABI lets a function change only if it puts it back. */
  private static final Gpr[] CALLEE_SAVED = {RBP, RBX, Gpr.R12, Gpr.R13, R14, Gpr.R15};

  /** The exception flags of MXCSR: IE, DE, ZE, OE, UE, PE. */
  static final int MXCSR_FLAGS = 0x3f;

  /** Host address of the first byte of all of them. */
  long base() {
    return flagTable;
  }

  /** Emits the stubs at the start of a code space. */
  static Stubs emit(ExecutableMemory memory, FloatEnv environment) {
    var a = new Assembler();
    for (int mxcsr = 0; mxcsr <= MXCSR_FLAGS; mxcsr++) {
      a.data(flags(mxcsr, environment));
    }
    int enter = a.length();
    prologue(a);
    a.jmp(RSI);
    a.align(16);
    int resume = a.length();
    prologue(a);
    a.mov(Width.BITS_64, RCX, RSI);
    for (int i = 0; i < Registers.POOL.length; i++) {
      a.load(8, Registers.POOL[i], saved(i));
    }
    a.load(8, RAX, record(ExitRecord.RESULT));
    a.jmp(RCX);
    a.align(16);
    int exit = a.length();
    var epilogue = new Label();
    a.pop(record(ExitRecord.SITE));
    a.store(8, record(ExitRecord.FIRST), RAX);
    a.store(8, record(ExitRecord.SECOND), RDX);
    a.store(8, record(ExitRecord.THIRD), RCX);
    for (int i = 0; i < Registers.POOL.length; i++) {
      a.store(8, saved(i), Registers.POOL[i]);
    }
    a.jmp(epilogue);
    a.align(16);
    int fault = a.length();
    a.store(8, record(ExitRecord.SITE), 0);
    a.store(8, record(ExitRecord.FIRST), RDX);
    a.store(8, record(ExitRecord.SECOND), RCX);
    a.store(8, record(ExitRecord.THIRD), RAX);
    a.jmp(epilogue);
    a.align(16);
    int leave = a.length();
    a.pop(record(ExitRecord.SITE));
    a.store(8, record(ExitRecord.FIRST), RAX);
    a.bind(epilogue);
    epilogue(a, memory.address());
    a.align(16);
    int victims = a.length();
    for (int regime = 0; regime < EngineState.REGIMES; regime++) {
      for (int tag : new int[] {SoftMmu.READ_TAG, SoftMmu.WRITE_TAG}) {
        int end = a.length() + VICTIM_BYTES;
        victim(a, EngineState.tlb(regime), tag);
        assert a.length() <= end : a.length();
        a.nop(end - a.length());
      }
    }
    a.align(16);
    int hash = a.length();
    hash(a);
    a.align(16);
    if (a.length() > BYTES) {
      throw new AssertionError("stubs of " + a.length() + " bytes");
    }
    long home = memory.publish(0, a.code(), a.length());
    return new Stubs(
        home + enter,
        home + resume,
        home + leave,
        home + exit,
        home + fault,
        home + victims,
        home + hash,
        home,
        a.length());
  }

  /**
   * Where code calls for an entry that another one displaced, with that one in RAX and the page, as
   * the tag is to be, in RCX. If there is one they change places, ZF is set and RAX is its addend;
   * otherwise ZF is clear. RAX, RCX and RDX are used.
   *
   * @param tag {@link SoftMmu#READ_TAG} or {@link SoftMmu#WRITE_TAG}
   */
  long victim(int regime, int tag) {
    return victims + (2L * regime + (tag == SoftMmu.WRITE_TAG ? 1 : 0)) * VICTIM_BYTES;
  }

  /** Emits a {@link #victim}, which does what the TLB does in Java. */
  private static void victim(Assembler a, int tlb, int tag) {
    var next = new Label();
    var found = new Label();
    var missed = new Label();
    var open = new Label();
    Mem closing = record(EngineState.CLOSING);
    a.push(RSI);
    a.push(RDI);
    a.load(8, RDX, closing);
    a.test(Width.BITS_32, RDX, RDX);
    a.jShort(Cc.NE, missed);
    a.load(8, RSI, record(tlb + EngineState.TLB_TABLE));
    a.alu(Alu.ADD, Width.BITS_64, RSI, SoftMmu.VICTIMS_AT);
    a.mov(RDI, SoftMmu.VICTIMS);
    a.bind(next);
    a.alu(Alu.CMP, Width.BITS_64, RCX, Mem.at(RSI, tag));
    a.jShort(Cc.E, found);
    a.alu(Alu.ADD, Width.BITS_64, RSI, SoftMmu.ENTRY_BYTES);
    a.alu(Alu.SUB, Width.BITS_32, RDI, 1);
    a.jShort(Cc.NE, next);
    a.bind(missed);
    a.test(Width.BITS_64, RSP, RSP);
    a.pop(RDI);
    a.pop(RSI);
    a.ret();
    a.bind(found);
    for (int field = 0; field < SoftMmu.ENTRY_BYTES; field += 8) {
      exchange(a, field);
    }
    a.push(RAX);
    a.push(RSI);
    a.load(8, RDI, record(tlb + EngineState.TLB_TABLE));
    for (Gpr entry : new Gpr[] {RAX, RSI}) {
      a.alu(Alu.SUB, Width.BITS_64, entry, RDI);
      a.shift(Shift.SHR, Width.BITS_64, entry, 1);
      a.lea(entry, new Mem(entry, RDI, SoftMmu.TAGS_BYTES));
    }
    exchange(a, 0);
    exchange(a, 8);
    a.pop(RSI);
    a.pop(RAX);
    a.lockAlu(Alu.OR, 4, Mem.at(RSP, 0), 0);
    a.alu(Alu.CMP, Width.BITS_64, RDX, closing);
    a.jShort(Cc.E, open);
    a.lockAlu(Alu.OR, 4, Mem.at(RAX, SoftMmu.WRITE_TAG), SoftMmu.CLOSED);
    a.lockAlu(Alu.OR, 4, Mem.at(RSI, SoftMmu.WRITE_TAG), SoftMmu.CLOSED);
    a.jmp(missed);
    a.bind(open);
    a.load(8, RAX, Mem.at(RAX, SoftMmu.ADDEND));
    a.pop(RDI);
    a.pop(RSI);
    a.ret();
  }

  /** Exchanges what is in an entry at RAX and in one at RSI; RCX and RDI are used. */
  private static void exchange(Assembler a, int field) {
    a.load(8, RCX, Mem.at(RAX, field));
    a.load(8, RDI, Mem.at(RSI, field));
    a.store(8, Mem.at(RAX, field), RDI);
    a.store(8, Mem.at(RSI, field), RCX);
  }

  /** Emits a {@link #hash}. */
  private static void hash(Assembler a) {
    Gpr[] lanes = {RAX, RDX, RCX, RSI};
    Gpr[] saved = {RSI, RDI, Gpr.R8, Gpr.R9, Gpr.R10};
    Gpr prime1 = Gpr.R8;
    Gpr prime2 = Gpr.R9;
    Gpr sum = Gpr.R10;
    for (Gpr register : saved) {
      a.push(register);
    }
    a.load(8, RSI, record(ExitRecord.operand(3)));
    a.mov(prime1, LaneHash.PRIME_1);
    a.mov(prime2, LaneHash.PRIME_2);
    for (int lane = 0; lane < LaneHash.LANES; lane++) {
      a.imul(Width.BITS_64, lanes[lane], prime2);
      a.mov(RDI, LaneHash.start(lane));
      a.alu(Alu.ADD, Width.BITS_64, lanes[lane], RDI);
      a.shift(Shift.ROL, Width.BITS_64, lanes[lane], LaneHash.ROUND_ROTATION);
      a.imul(Width.BITS_64, lanes[lane], prime1);
    }
    a.zero(sum);
    for (int lane = 0; lane < LaneHash.LANES; lane++) {
      a.mov(Width.BITS_64, RDI, lanes[lane]);
      a.shift(Shift.ROL, Width.BITS_64, RDI, LaneHash.rotation(lane));
      a.alu(Alu.ADD, Width.BITS_64, sum, RDI);
    }
    a.mov(RDI, LaneHash.PRIME_4);
    for (Gpr lane : lanes) {
      a.imul(Width.BITS_64, lane, prime2);
      a.shift(Shift.ROL, Width.BITS_64, lane, LaneHash.ROUND_ROTATION);
      a.imul(Width.BITS_64, lane, prime1);
      a.alu(Alu.XOR, Width.BITS_64, sum, lane);
      a.imul(Width.BITS_64, sum, prime1);
      a.alu(Alu.ADD, Width.BITS_64, sum, RDI);
    }
    a.mov(RDI, LaneHash.PRIME_3);
    mix(a, sum, 33);
    a.imul(Width.BITS_64, sum, prime2);
    mix(a, sum, 29);
    a.imul(Width.BITS_64, sum, RDI);
    mix(a, sum, 32);
    a.mov(Width.BITS_64, RAX, sum);
    for (int s = saved.length - 1; s >= 0; s--) {
      a.pop(saved[s]);
    }
    a.ret();
  }

  /** Exclusive or with itself, shifted to the right; RDX is used. */
  private static void mix(Assembler a, Gpr value, int right) {
    a.mov(Width.BITS_64, RDX, value);
    a.shift(Shift.SHR, Width.BITS_64, RDX, right);
    a.alu(Alu.XOR, Width.BITS_64, value, RDX);
  }

  private static Mem record(int field) {
    return CodeGenerator.state(field);
  }

  private static Mem saved(int register) {
    return record(ExitRecord.REGISTERS + 8 * register);
  }

  private static void prologue(Assembler a) {
    for (Gpr register : CALLEE_SAVED) {
      a.push(register);
    }
    a.lea(RBP, Mem.at(RDI, EngineState.ANCHOR));
    a.store(8, record(ExitRecord.HOST_STACK), RSP);
    a.stmxcsr(record(ExitRecord.HOST_MXCSR));
    a.ldmxcsr(record(ExitRecord.GUEST_MXCSR));
    a.load(8, RBX, record(ExitRecord.PAGE));
    a.load(8, R14, record(EngineState.RETIRED));
  }

  /** The one way out. The table of flags is at the start of the space. */
  private static void epilogue(Assembler a, long table) {
    var noFlags = new Label();
    a.store(8, record(ExitRecord.PAGE), RBX);
    a.store(8, record(EngineState.RETIRED), R14);
    a.stmxcsr(record(ExitRecord.GUEST_MXCSR));
    a.ldmxcsr(record(ExitRecord.HOST_MXCSR));
    a.load(4, RAX, record(ExitRecord.GUEST_MXCSR));
    a.alu(Alu.AND, Width.BITS_32, RAX, MXCSR_FLAGS);
    a.j(Cc.E, noFlags);
    a.mov(RCX, table);
    a.load(1, RAX, new Mem(RCX, RAX, 0));
    a.alu(Alu.OR, Width.BITS_32, record(StateLayout.FP_FLAGS.offset()), RAX);
    a.bind(noFlags);
    a.load(8, RAX, record(ExitRecord.SITE));
    a.load(8, RSP, record(ExitRecord.HOST_STACK));
    for (int i = CALLEE_SAVED.length - 1; i >= 0; i--) {
      a.pop(CALLEE_SAVED[i]);
    }
    a.ret();
  }

  /** MXCSR's exception flags in softfloat's order. */
  static int flags(int mxcsr, FloatEnv environment) {
    int subnormal = environment.trackSubnormals() ? FloatEnv.SUBNORMAL_USED : 0;
    return ((mxcsr & 0x01) != 0 ? FloatEnv.INVALID : 0)
        | ((mxcsr & 0x02) != 0 ? subnormal : 0)
        | ((mxcsr & 0x04) != 0 ? FloatEnv.DIVBYZERO : 0)
        | ((mxcsr & 0x08) != 0 ? FloatEnv.OVERFLOW : 0)
        | ((mxcsr & 0x10) != 0 ? FloatEnv.UNDERFLOW : 0)
        | ((mxcsr & 0x20) != 0 ? FloatEnv.INEXACT : 0);
  }
}
