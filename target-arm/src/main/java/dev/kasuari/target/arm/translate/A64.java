package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmCpu;
import dev.kasuari.target.arm.cpu.ArmMode;
import dev.kasuari.target.arm.cpu.ArmState;
import dev.kasuari.target.arm.cpu.BranchTargets;
import dev.kasuari.target.arm.cpu.Pstate;
import dev.kasuari.target.arm.cpu.Syndrome;
import dev.kasuari.target.arm.isa.A64Features;
import dev.kasuari.tcg.Translation;
import dev.kasuari.tcg.ir.Block;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.Emitter;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.FlagCond;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;
import org.jspecify.annotations.Nullable;

/**
 * The instruction being translated, as its semantics see it: registers, flags, memory and control
 * flow in A64's terms. {@code sf} is 1 for 64 bits and 0 for 32.
 */
final class A64 {
  private static final int SP = 31;

  private final ArmCpu cpu;
  private Translation translation;
  private Emitter emitter;
  private long mode;
  private int encoding;

  /** The condition flags if an instruction of this unit has made or read them. */
  private @Nullable Value flags;

  /** Whether the stack pointer is known to be aligned here. */
  private boolean spAligned;

  A64(ArmCpu cpu, Translation first) {
    this.cpu = cpu;
    this.translation = first;
    this.emitter = first.emitter();
  }

  void begin(Translation at, int instruction) {
    translation = at;
    emitter = at.emitter();
    mode = at.mode();
    encoding = instruction;
    if (at.delta() == 0) {
      flags = null;
      spAligned = !ArmMode.checksSp(mode);
    }
  }

  Emitter e() {
    return emitter;
  }

  Translation translation() {
    return translation;
  }

  ArmCpu cpu() {
    return cpu;
  }

  long mode() {
    return mode;
  }

  int encoding() {
    return encoding;
  }

  // ---- registers -------------------------------------------------------------------------------

  static Type type(int sf) {
    return sf == 1 ? Type.I64 : Type.I32;
  }

  static int bits(int sf) {
    return sf == 1 ? 64 : 32;
  }

  Value constant(int sf, long value) {
    return sf == 1 ? emitter.constant(value) : emitter.constant32((int) value);
  }

  /** A register; 31 is zero. */
  Value x(int sf, int r) {
    return r == 31 ? constant(sf, 0) : xsp(sf, r);
  }

  /** All of a register; 31 is zero. */
  Value x(int r) {
    return x(1, r);
  }

  /** A register; 31 is the stack pointer. */
  Value xsp(int sf, int r) {
    return emitter.get(type(sf), StateView.of(ArmState.X.at(r), sf == 1 ? 8 : 4));
  }

  /** Writes a register, with zeros above 32 bits; 31 takes nothing. */
  void setX(int r, Value value) {
    if (r != 31) {
      write(r, value);
    }
  }

  /** Writes a register, with zeros above 32 bits; 31 is the stack pointer. */
  void setXsp(int r, Value value) {
    write(r, value);
    if (r == SP) {
      spAligned = !ArmMode.checksSp(mode);
    }
  }

  /** The stack pointer changes by a distance. */
  void moveSp(Value value, long distance) {
    boolean stays = spAligned && (distance & 15) == 0;
    setXsp(SP, value);
    spAligned |= stays;
  }

  private void write(int r, Value value) {
    emitter.set(ArmState.X, r, value.type() == Type.I32 ? emitter.widenUnsigned(value) : value);
  }

  /**
   * A lane's bits in each lane of 64 bits.
   *
   * @param size the logarithm of a lane's bytes, above which the value is zero
   */
  Value replicate(int size, Value lane) {
    return size == 3
        ? lane
        : emitter.mul(lane, emitter.constant(Long.divideUnsigned(-1, -1L >>> (64 - (8 << size)))));
  }

  // ---- flags -----------------------------------------------------------------------------------

  /** The condition flags, whose C is the complement of PSTATE.C. */
  Value flags() {
    Value known = flags;
    if (known == null) {
      known = emitter.flagsFromBits(emitter.get(Type.I32, StateView.of(ArmState.NZCV)));
      flags = known;
    }
    return known;
  }

  void setFlags(Value value) {
    flags = value;
    emitter.set(StateView.of(ArmState.NZCV), emitter.flagsBits(value));
  }

  /** Nothing is known of the flags any more: paths that differ in them have met. */
  void forgetFlags() {
    flags = null;
  }

  /**
   * A condition as the flags tell it, the complement of PSTATE.C being in C.
   *
   * @param cond 0 to 13; 14 and 15 always hold
   */
  static FlagCond condition(int cond) {
    return switch (cond) {
      case 0 -> FlagCond.Z;
      case 1 -> FlagCond.NZ;
      case 2 -> FlagCond.NC;
      case 3 -> FlagCond.C;
      case 4 -> FlagCond.N;
      case 5 -> FlagCond.NN;
      case 6 -> FlagCond.V;
      case 7 -> FlagCond.NV;
      case 8 -> FlagCond.ABOVE;
      case 9 -> FlagCond.BELOW_EQUAL;
      case 10 -> FlagCond.GE;
      case 11 -> FlagCond.LT;
      case 12 -> FlagCond.GT;
      case 13 -> FlagCond.LE;
      default -> throw new IllegalArgumentException("condition " + cond);
    };
  }

  /** {@code cond ? a : b}. */
  Value select(int cond, Value a, Value b) {
    if (cond >= 14) {
      return a;
    }
    Value holds = emitter.flagsSetcond(condition(cond), flags(), Type.I32);
    return emitter.select(Cond.NE, holds, 0, a, b);
  }

  // ---- memory ----------------------------------------------------------------------------------

  /** The base register of an access, after the stack pointer was checked if it is that. */
  Value base(int rn) {
    Value base = xsp(1, rn);
    if (rn == SP && !spAligned) {
      Block misaligned = emitter.block();
      Block aligned = emitter.block();
      emitter.brcond(Cond.TSTNE, base, emitter.constant(15), misaligned, aligned);
      emitter.bind(misaligned);
      emitter.raise(Syndrome.SP_ALIGNMENT, emitter.constant(0));
      emitter.bind(aligned);
      spAligned = true;
    }
    return base;
  }

  Value plus(Value base, long offset) {
    return offset == 0 ? base : emitter.add(base, offset);
  }

  /** A data access of {@code 1 << size} bytes in the current mode. */
  MemDesc mem(int size) {
    return mem(size, ArmMode.dataMmuIndex(mode));
  }

  /** As LDTR and STTR access. */
  MemDesc unprivileged(int size) {
    return mem(size, ArmMode.unprivilegedMmuIndex(mode));
  }

  private MemDesc mem(int size, int mmuIndex) {
    MemDesc desc = MemDesc.of(1 << size).mmuIndex(mmuIndex);
    desc = ArmMode.bigEndian(mode) ? desc.bigEndian() : desc;
    desc = hasLse2() ? desc.atomicity(MemDesc.Atomicity.WITHIN_16) : desc;
    return ArmMode.checksAlignment(mode) ? desc.alignment(MemDesc.Alignment.FAULT) : desc;
  }

  /** FEAT_LSE2: what lies within 16 bytes is accessed at once, and need not be aligned. */
  boolean hasLse2() {
    return cpu.model().has(A64Features.LSE2);
  }

  /** An exclusive or atomic access (DDI 0487, B2.8.2), with the order that its instruction says. */
  MemDesc atomic(int size, boolean acquire, boolean release) {
    boolean within = hasLse2() && !ArmMode.checksAlignment(mode);
    MemDesc desc =
        mem(size).alignment(within ? MemDesc.Alignment.WITHIN_16 : MemDesc.Alignment.FAULT);
    return ordered(desc, acquire, release);
  }

  /** A load or store that acquires or releases, and does no more. */
  MemDesc ordered(int size, boolean acquire, boolean release) {
    boolean anywhere = ArmMode.ordersAnywhere(mode) && !ArmMode.checksAlignment(mode);
    return anywhere ? ordered(mem(size), acquire, release) : atomic(size, acquire, release);
  }

  private static MemDesc ordered(MemDesc plain, boolean acquire, boolean release) {
    MemDesc desc = plain;
    desc = acquire ? desc.acquire() : desc;
    return release ? desc.release() : desc;
  }

  // ---- control flow ----------------------------------------------------------------------------

  /** Address of the instruction {@code distance} bytes from this one. */
  Value pc(long distance) {
    return emitter.pc(translation.delta() + distance);
  }

  /** Address of the next instruction. */
  Value nextPc() {
    return emitter.pc(translation.nextDelta());
  }

  /** Ends the unit with a branch that is always taken. */
  void branch(long distance) {
    goTo(translation.delta() + distance, 0);
    translation.end();
  }

  private void goTo(long delta, int slot) {
    if (ArmMode.steps(mode)) {
      retire();
      emitter.exit(ExitReason.LOOKUP, emitter.pc(delta));
    } else {
      translation.goTo(delta, slot);
    }
  }

  /** After a conditional branch to one of two blocks: the unit goes on in both directions. */
  void branch(Block taken, Block next, long distance) {
    emitter.bind(next);
    goTo(translation.nextDelta(), 0);
    emitter.bind(taken);
    goTo(translation.delta() + distance, 1);
    translation.end();
  }

  /**
   * Branches to a computed address.
   *
   * @param kind what of it the landing has to fit, as {@link BranchTargets} says, or 0
   */
  void branch(Value target, int kind) {
    int known = cpu.model().has(A64Features.BTI) ? kind : 0;
    if (ArmMode.steps(mode)) {
      emitter.call(A64Debug.BRANCH, emitter.constant(known), target);
      exitToPc();
    } else {
      emitter.jump(target, known);
      translation.end();
    }
  }

  /** Leaves for the loop, which looks at interrupts and the mode, and goes on after this. */
  void exitToNext(ExitReason reason) {
    // Who is stepped need not wait.
    leave(ArmMode.steps(mode) ? ExitReason.LOOKUP : reason);
    translation.end();
  }

  /** The same on a side path; the unit goes on. */
  void leave(ExitReason reason) {
    retire();
    emitter.exit(reason, nextPc());
  }

  /** The current instruction is done: where it is stepped, that is to be told. */
  private void retire() {
    if (ArmMode.steps(mode)) {
      boolean exclusive = (encoding & 0x3fc0_0000) == 0x0840_0000;
      emitter.set(ArmState.PSTATE, emitter.and(emitter.get(ArmState.PSTATE), ~Pstate.SS));
      emitter.set(StateView.of(ArmState.STEPPED), emitter.constant32(exclusive ? 3 : 1));
    }
  }

  /** After the semantics: a unit of steps ends. */
  void finish() {
    if (ArmMode.steps(mode) && !translation.ended()) {
      exitToNext(ExitReason.LOOKUP);
    }
  }

  /** Leaves for the loop with the program counter that a helper has set. */
  void exitToPc() {
    retire();
    emitter.exit(ExitReason.LOOKUP, emitter.get(ArmState.PC));
    translation.end();
  }

  /** Raises an exception at this instruction. */
  void raise(int syndrome) {
    emitter.raise(syndrome, emitter.constant(0));
    translation.end();
  }

  void undefined() {
    raise(Syndrome.UNKNOWN);
  }
}
