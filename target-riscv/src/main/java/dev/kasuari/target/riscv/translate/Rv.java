package dev.kasuari.target.riscv.translate;

import dev.kasuari.machine.cpu.StateField;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.cpu.RiscvMode;
import dev.kasuari.target.riscv.cpu.RiscvState;
import dev.kasuari.target.riscv.cpu.TrapCause;
import dev.kasuari.target.riscv.isa.RiscvFeatures;
import dev.kasuari.tcg.Translation;
import dev.kasuari.tcg.ir.Block;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.Emitter;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/**
 * The instruction being translated, as its semantics see it: registers, memory and control flow in
 * RISC-V's terms. Values of integer registers have type {@link #word}: XLEN bits.
 */
final class Rv {
  private final RiscvCpu cpu;
  private final long features;
  private Translation translation;
  private Emitter emitter;
  private long mode;
  private int encoding;
  private Type word = Type.I64;

  Rv(RiscvCpu cpu, Translation first) {
    this.cpu = cpu;
    this.features = cpu.model().features();
    this.translation = first;
    this.emitter = first.emitter();
  }

  void begin(Translation at, int instruction) {
    translation = at;
    emitter = at.emitter();
    mode = at.mode();
    encoding = instruction;
    word = RiscvMode.xlen(mode) == 32 ? Type.I32 : Type.I64;
  }

  Emitter e() {
    return emitter;
  }

  Translation translation() {
    return translation;
  }

  RiscvCpu cpu() {
    return cpu;
  }

  long mode() {
    return mode;
  }

  boolean has(long feature) {
    return (features & feature) != 0;
  }

  /** The type of an integer register. */
  Type word() {
    return word;
  }

  /** 32 or 64. */
  int xlen() {
    return word.bits();
  }

  // ---- integer registers -----------------------------------------------------------------------

  /** A constant of XLEN bits. */
  Value constant(long value) {
    return word == Type.I32 ? emitter.constant32((int) value) : emitter.constant(value);
  }

  Value x(int r) {
    if (r == 0) {
      return constant(0);
    }
    return emitter.get(word, StateView.of(RiscvState.X.at(r), word.bits() / 8));
  }

  /** Writes a register; in RV32 the upper half of its 64 bits is the sign. */
  void setX(int r, Value value) {
    if (r == 0) {
      return;
    }
    emitter.set(RiscvState.X, r, value.type() == Type.I32 ? emitter.widenSigned(value) : value);
  }

  /** The low 32 bits of a register. */
  Value w(int r) {
    return r == 0
        ? emitter.constant32(0)
        : emitter.get(Type.I32, StateView.of(RiscvState.X.at(r), 4));
  }

  /** Writes a 32-bit result, sign-extended. */
  void setW(int r, Value value) {
    setX(r, value);
  }

  /** A 64-bit quantity as an XLEN-bit one. */
  Value toWord(Value wide) {
    return word == Type.I32 ? emitter.narrow(wide) : wide;
  }

  // ---- memory ----------------------------------------------------------------------------------

  /** {@code x[rs1] + imm} as a virtual address. */
  Value address(int rs1, int imm) {
    Value base = x(rs1);
    Value sum = imm == 0 ? base : emitter.add(base, imm);
    return word == Type.I32 ? emitter.widenUnsigned(sum) : sum;
  }

  /** A data access of that many bytes in the current mode; misaligned ones are performed. */
  MemDesc mem(int size) {
    return MemDesc.of(size).mmuIndex(RiscvMode.dataMmuIndex(mode));
  }

  /** An atomic access: naturally aligned or a misaligned exception. */
  MemDesc atomic(int size, int aqrl) {
    MemDesc desc = mem(size).signed().alignment(MemDesc.Alignment.FAULT);
    desc = (aqrl & 2) != 0 ? desc.acquire() : desc;
    return (aqrl & 1) != 0 ? desc.release() : desc;
  }

  // ---- control flow ----------------------------------------------------------------------------

  /** Address of the instruction {@code imm} bytes from this one. */
  Value pc(int imm) {
    return toWord(emitter.pc(translation.delta() + (long) imm));
  }

  /** Address of the next instruction. */
  Value nextPc() {
    return toWord(emitter.pc(translation.nextDelta()));
  }

  /** Whether instructions must be aligned to four bytes. */
  boolean wordAligned() {
    return !has(RiscvFeatures.C);
  }

  /** Jumps {@code imm} bytes from this instruction. */
  void jump(int imm, int slot) {
    if (wordAligned() && (imm & 2) != 0) {
      emitter.raise(TrapCause.INSTRUCTION_MISALIGNED, emitter.pc(translation.delta() + (long) imm));
    } else {
      translation.goTo(translation.delta() + (long) imm, slot);
    }
  }

  void branch(Cond cond, int rs1, int rs2, int imm) {
    Block taken = emitter.block();
    Block next = emitter.block();
    emitter.brcond(cond, x(rs1), x(rs2), taken, next);
    emitter.bind(next);
    translation.goTo(translation.nextDelta(), 0);
    emitter.bind(taken);
    jump(imm, 1);
    translation.end();
  }

  /** Leaves for the loop, which looks at interrupts and the mode, and goes on after this. */
  void exitToNext(ExitReason reason) {
    emitter.exit(reason, emitter.pc(translation.nextDelta()));
    translation.end();
  }

  /**
   * Goes on after this in the same mode, however it is mapped by then. An interrupt that became
   * possible has kicked the CPU, which sees it there.
   */
  void jumpToNext() {
    emitter.jump(emitter.pc(translation.nextDelta()));
    translation.end();
  }

  /** Leaves for the loop with the program counter that a helper has set. */
  void exitToPc() {
    emitter.exit(ExitReason.LOOKUP, emitter.get(RiscvState.PC));
    translation.end();
  }

  /** Raises an exception with the given value at this instruction. */
  void raise(int cause, Value value) {
    emitter.raise(cause, value);
    translation.end();
  }

  void illegal() {
    raise(TrapCause.ILLEGAL_INSTRUCTION, emitter.constant(Integer.toUnsignedLong(encoding)));
  }

  int encoding() {
    return encoding;
  }

  // ---- floating-point registers ----------------------------------------------------------------

  /** False after having raised illegal-instruction because the unit is off. */
  boolean fpOn() {
    if (RiscvMode.fpOff(mode)) {
      illegal();
      return false;
    }
    return true;
  }

  /** As {@link #fpOn}, and the rounding mode is one that exists. */
  boolean fpOn(int rm) {
    boolean exists = rm == 7 ? RiscvMode.frmValid(mode) : rm <= 4;
    if (!exists) {
      illegal();
      return false;
    }
    return fpOn();
  }

  /** The instruction changed a floating-point register or flag; last thing of its semantics. */
  void fpDirty() {
    if (RiscvMode.fpDirty(mode)) {
      return;
    }
    StateField status = RiscvState.MSTATUS;
    emitter.set(status, emitter.or(emitter.get(status), RiscvState.MSTATUS_FS_DIRTY));
    exitToNext(ExitReason.LOOKUP);
  }

  /** All 64 bits. */
  Value f64(int r) {
    return emitter.get(RiscvState.F, r);
  }

  void setF64(int r, Value value) {
    emitter.set(RiscvState.F, r, value);
  }

  /** A single: canonical NaN unless it is NaN-boxed (unprivileged, 22.2). */
  Value f32(int r) {
    Value bits = f64(r);
    if (!has(RiscvFeatures.D)) {
      return emitter.narrow(bits);
    }
    Value box = emitter.shr(bits, 32);
    return emitter.select(
        Cond.EQ, box, 0xffff_ffffL, emitter.narrow(bits), emitter.constant32(0x7fc0_0000));
  }

  /** A half: canonical NaN unless it is NaN-boxed. */
  Value f16(int r) {
    boolean wide = has(RiscvFeatures.D);
    Value box = wide ? emitter.shr(f64(r), 16) : emitter.shr(f32Bits(r), 16);
    return emitter.select(
        Cond.EQ,
        box,
        wide ? 0xffff_ffff_ffffL : 0xffff,
        emitter.zeroExtend(f32Bits(r), 16),
        emitter.constant32(0x7e00));
  }

  /** Takes the low 16 bits of the value. */
  void setF16(int r, Value value) {
    setF64(r, emitter.or(emitter.widenUnsigned(value), 0xffff_ffff_ffff_0000L));
  }

  /** The low 32 bits, boxed or not. */
  Value f32Bits(int r) {
    return emitter.get(Type.I32, StateView.of(RiscvState.F.at(r), 4));
  }

  void setF32(int r, Value value) {
    setF64(r, emitter.or(emitter.widenUnsigned(value), 0xffff_ffff_0000_0000L));
  }
}
