package dev.kasuari.target.riscv.translate;

import dev.kasuari.target.riscv.cpu.TrapCause;
import dev.kasuari.target.riscv.isa.RiscvInstructions;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/** RV32I and RV64I. Source: unprivileged manual 20240411, chapters 2 and 4. */
interface RvI extends RiscvInstructions<Rv> {

  /** {@code x[rd] = x[rs1] op x[rs2]}, for every operation that is one IR operation. */
  static void binary(Rv t, Op op, int rd, int rs1, int rs2) {
    t.setX(rd, t.e().binary(op, t.x(rs1), t.x(rs2)));
  }

  static void binaryImmediate(Rv t, Op op, int rd, int rs1, long imm) {
    t.setX(rd, t.e().binary(op, t.x(rs1), t.constant(imm)));
  }

  static void binaryW(Rv t, Op op, int rd, int rs1, int rs2) {
    t.setW(rd, t.e().binary(op, t.w(rs1), t.w(rs2)));
  }

  static void binaryImmediateW(Rv t, Op op, int rd, int rs1, int imm) {
    t.setW(rd, t.e().binary(op, t.w(rs1), t.e().constant32(imm)));
  }

  static void load(Rv t, MemDesc desc, int rd, int rs1, int imm) {
    t.setX(rd, t.e().load(desc, t.word(), t.address(rs1, imm)));
  }

  static void store(Rv t, int size, int rs1, int rs2, int imm) {
    Value value = size < 8 ? t.w(rs2) : t.x(rs2);
    t.e().store(t.mem(size), t.address(rs1, imm), value);
  }

  @Override
  default void lui(Rv t, int rd, int imm) {
    t.setX(rd, t.constant(imm));
  }

  @Override
  default void auipc(Rv t, int rd, int imm) {
    t.setX(rd, t.pc(imm));
  }

  @Override
  default void jal(Rv t, int rd, int imm) {
    if (!(t.wordAligned() && (imm & 2) != 0)) {
      t.setX(rd, t.nextPc());
    }
    t.jump(imm, 0);
    t.translation().end();
  }

  @Override
  default void jalr(Rv t, int rd, int rs1, int imm) {
    var e = t.e();
    Value target = e.and(t.address(rs1, imm), -2);
    if (t.wordAligned()) {
      var misaligned = e.block();
      var aligned = e.block();
      e.brcond(Cond.TSTNE, target, e.constant(2), misaligned, aligned);
      e.bind(misaligned);
      e.raise(TrapCause.INSTRUCTION_MISALIGNED, target);
      e.bind(aligned);
    }
    t.setX(rd, t.nextPc());
    e.jump(target);
    t.translation().end();
  }

  @Override
  default void beq(Rv t, int rs1, int rs2, int imm) {
    t.branch(Cond.EQ, rs1, rs2, imm);
  }

  @Override
  default void bne(Rv t, int rs1, int rs2, int imm) {
    t.branch(Cond.NE, rs1, rs2, imm);
  }

  @Override
  default void blt(Rv t, int rs1, int rs2, int imm) {
    t.branch(Cond.LT, rs1, rs2, imm);
  }

  @Override
  default void bge(Rv t, int rs1, int rs2, int imm) {
    t.branch(Cond.GE, rs1, rs2, imm);
  }

  @Override
  default void bltu(Rv t, int rs1, int rs2, int imm) {
    t.branch(Cond.LTU, rs1, rs2, imm);
  }

  @Override
  default void bgeu(Rv t, int rs1, int rs2, int imm) {
    t.branch(Cond.GEU, rs1, rs2, imm);
  }

  @Override
  default void lb(Rv t, int rd, int rs1, int imm) {
    load(t, t.mem(1).signed(), rd, rs1, imm);
  }

  @Override
  default void lh(Rv t, int rd, int rs1, int imm) {
    load(t, t.mem(2).signed(), rd, rs1, imm);
  }

  @Override
  default void lw(Rv t, int rd, int rs1, int imm) {
    load(t, t.mem(4).signed(), rd, rs1, imm);
  }

  @Override
  default void lbu(Rv t, int rd, int rs1, int imm) {
    load(t, t.mem(1), rd, rs1, imm);
  }

  @Override
  default void lhu(Rv t, int rd, int rs1, int imm) {
    load(t, t.mem(2), rd, rs1, imm);
  }

  @Override
  default void lwu(Rv t, int rd, int rs1, int imm) {
    load(t, t.mem(4), rd, rs1, imm);
  }

  @Override
  default void ld(Rv t, int rd, int rs1, int imm) {
    load(t, t.mem(8), rd, rs1, imm);
  }

  @Override
  default void sb(Rv t, int rs1, int rs2, int imm) {
    store(t, 1, rs1, rs2, imm);
  }

  @Override
  default void sh(Rv t, int rs1, int rs2, int imm) {
    store(t, 2, rs1, rs2, imm);
  }

  @Override
  default void sw(Rv t, int rs1, int rs2, int imm) {
    store(t, 4, rs1, rs2, imm);
  }

  @Override
  default void sd(Rv t, int rs1, int rs2, int imm) {
    store(t, 8, rs1, rs2, imm);
  }

  @Override
  default void addi(Rv t, int rd, int rs1, int imm) {
    binaryImmediate(t, Op.ADD, rd, rs1, imm);
  }

  @Override
  default void slti(Rv t, int rd, int rs1, int imm) {
    t.setX(rd, t.e().setcond(Cond.LT, t.x(rs1), imm));
  }

  @Override
  default void sltiu(Rv t, int rd, int rs1, int imm) {
    t.setX(rd, t.e().setcond(Cond.LTU, t.x(rs1), imm));
  }

  @Override
  default void xori(Rv t, int rd, int rs1, int imm) {
    binaryImmediate(t, Op.XOR, rd, rs1, imm);
  }

  @Override
  default void ori(Rv t, int rd, int rs1, int imm) {
    binaryImmediate(t, Op.OR, rd, rs1, imm);
  }

  @Override
  default void andi(Rv t, int rd, int rs1, int imm) {
    binaryImmediate(t, Op.AND, rd, rs1, imm);
  }

  @Override
  default void slli(Rv t, int rd, int rs1, int shamt) {
    binaryImmediate(t, Op.SHL, rd, rs1, shamt);
  }

  @Override
  default void srli(Rv t, int rd, int rs1, int shamt) {
    binaryImmediate(t, Op.SHR, rd, rs1, shamt);
  }

  @Override
  default void srai(Rv t, int rd, int rs1, int shamt) {
    binaryImmediate(t, Op.SAR, rd, rs1, shamt);
  }

  @Override
  default void add(Rv t, int rd, int rs1, int rs2) {
    binary(t, Op.ADD, rd, rs1, rs2);
  }

  @Override
  default void sub(Rv t, int rd, int rs1, int rs2) {
    binary(t, Op.SUB, rd, rs1, rs2);
  }

  @Override
  default void sll(Rv t, int rd, int rs1, int rs2) {
    binary(t, Op.SHL, rd, rs1, rs2);
  }

  @Override
  default void slt(Rv t, int rd, int rs1, int rs2) {
    t.setX(rd, t.e().setcond(Cond.LT, t.x(rs1), t.x(rs2)));
  }

  @Override
  default void sltu(Rv t, int rd, int rs1, int rs2) {
    t.setX(rd, t.e().setcond(Cond.LTU, t.x(rs1), t.x(rs2)));
  }

  @Override
  default void xor(Rv t, int rd, int rs1, int rs2) {
    binary(t, Op.XOR, rd, rs1, rs2);
  }

  @Override
  default void srl(Rv t, int rd, int rs1, int rs2) {
    binary(t, Op.SHR, rd, rs1, rs2);
  }

  @Override
  default void sra(Rv t, int rd, int rs1, int rs2) {
    binary(t, Op.SAR, rd, rs1, rs2);
  }

  @Override
  default void or(Rv t, int rd, int rs1, int rs2) {
    binary(t, Op.OR, rd, rs1, rs2);
  }

  @Override
  default void and(Rv t, int rd, int rs1, int rs2) {
    binary(t, Op.AND, rd, rs1, rs2);
  }

  @Override
  default void addiw(Rv t, int rd, int rs1, int imm) {
    binaryImmediateW(t, Op.ADD, rd, rs1, imm);
  }

  @Override
  default void slliw(Rv t, int rd, int rs1, int shamt) {
    binaryImmediateW(t, Op.SHL, rd, rs1, shamt);
  }

  @Override
  default void srliw(Rv t, int rd, int rs1, int shamt) {
    binaryImmediateW(t, Op.SHR, rd, rs1, shamt);
  }

  @Override
  default void sraiw(Rv t, int rd, int rs1, int shamt) {
    binaryImmediateW(t, Op.SAR, rd, rs1, shamt);
  }

  @Override
  default void addw(Rv t, int rd, int rs1, int rs2) {
    binaryW(t, Op.ADD, rd, rs1, rs2);
  }

  @Override
  default void subw(Rv t, int rd, int rs1, int rs2) {
    binaryW(t, Op.SUB, rd, rs1, rs2);
  }

  @Override
  default void sllw(Rv t, int rd, int rs1, int rs2) {
    binaryW(t, Op.SHL, rd, rs1, rs2);
  }

  @Override
  default void srlw(Rv t, int rd, int rs1, int rs2) {
    binaryW(t, Op.SHR, rd, rs1, rs2);
  }

  @Override
  default void sraw(Rv t, int rd, int rs1, int rs2) {
    binaryW(t, Op.SAR, rd, rs1, rs2);
  }

  /**
   * Predecessor and successor sets are orders of reads, writes and device accesses; all of them.
   */
  @Override
  default void fence(Rv t, int pred, int succ) {
    t.e().fence(MemDesc.FENCE_ALL);
  }

  @Override
  default void fenceTso(Rv t) {
    t.e().fence(MemDesc.FENCE_RR | MemDesc.FENCE_RW | MemDesc.FENCE_WW);
  }

  @Override
  default void pause(Rv t) {}

  /** 64-bit values of unsigned words, for Zba. */
  static Value unsignedWord(Rv t, int rs1) {
    return t.word() == Type.I32 ? t.x(rs1) : t.e().widenUnsigned(t.w(rs1));
  }
}
