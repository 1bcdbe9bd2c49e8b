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
import dev.kasuari.machine.cpu.StateLayout;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.EngineState;

/**
 * The way into translated code and the ways out of it, emitted once for each code space. What the
 * registers are inside, {@link CodeGenerator} says. Outside, everything is as the System V ABI
 * wants it, and MXCSR is bit for bit what it was: Java's arithmetic depends on it.
 *
 * @param enter function of state and code: runs the code until it leaves; the site, or 0 for a
 *     fault
 * @param resume the same, at an address at which registers are those of the record, with the result
 *     in RAX
 * @param leave where code calls to leave for good, with one operand in RAX
 * @param exit where code calls to leave and come back, with operands in RAX, RDX and RCX
 * @param fault where the fault handler goes on
 * @param flagTable 64 bytes: softfloat's flags for MXCSR's
 * @param size bytes of all this
 */
record Stubs(long enter, long resume, long leave, long exit, long fault, long flagTable, int size) {
  /** Room that the stubs have. */
  static final int BYTES = 4096;

  /** What the ABI lets a function change only if it puts it back. */
  private static final Gpr[] CALLEE_SAVED = {RBP, RBX, Gpr.R12, Gpr.R13, R14, Gpr.R15};

  /** The exception flags of MXCSR: IE, DE, ZE, OE, UE, PE. */
  static final int MXCSR_FLAGS = 0x3f;

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
    if (a.length() > BYTES) {
      throw new AssertionError("stubs of " + a.length() + " bytes");
    }
    long home = memory.publish(0, a.code(), a.length());
    return new Stubs(
        home + enter, home + resume, home + leave, home + exit, home + fault, home, a.length());
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
