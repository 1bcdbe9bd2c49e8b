package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.asm.Label;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import java.util.Arrays;

/**
 * A part of the kernel, and the language in which parts are written: instructions with their
 * operands in the order of RISC-V assembly, so that {@code ld(A0, 8, SP)} is {@code ld a0, 8(sp)}.
 *
 * <p>Functions follow the standard calling convention: arguments and results in {@code a0..a7},
 * {@code s0..s11} belong to the caller. Everywhere in the kernel, {@code tp} points to the {@link
 * Hart} that runs.
 */
abstract class Part {
  private static final int ACQUIRE = 2;
  private static final int RELEASE = 1;

  /** Sets of accesses for {@link #fence}. */
  static final int RW = 3;

  static final int W = 1;
  static final int R = 2;
  static final int IORW = 15;

  private final Program program;

  Part(Program program) {
    this.program = program;
  }

  /** Writes the part. */
  abstract void define();

  // ---- functions, symbols and data
  // ---------------------------------------------------------------

  /** Starts a function that may call others, and that uses these of {@code s0..s11}. */
  final void function(String name, int... saved) {
    functionWithLocals(name, 0, saved);
  }

  /** Starts a function with local variables: so many bytes at {@code sp}. */
  final void functionWithLocals(String name, int locals, int... saved) {
    var frame = new Frame(locals, Arrays.stream(saved).boxed().toList(), false);
    program.function(name, frame);
    frame.enter(this);
  }

  /** Starts a function that calls no other and needs no stack. */
  final void leaf(String name) {
    program.function(name, Frame.NONE);
  }

  /** Returns from the function. */
  final void ret() {
    program.frame().leave(this);
    jr(RA);
  }

  /** Leaves the function by a jump to another, which returns to the caller. */
  final void tail(String function) {
    program.frame().leave(this);
    j(function);
  }

  /** The symbol is here. */
  final void label(String name) {
    program.bind(name);
  }

  final Label symbol(String name) {
    return program.symbol(name);
  }

  /** A text among the read-only data. */
  final Label text(String text) {
    return program.text(text);
  }

  /** A variable of so many bytes, zero at start. */
  final void variable(String name, int size) {
    program.variable(name, 8, size);
  }

  /** A variable that starts on a page. */
  final void pages(String name, int count) {
    program.variable(name, Program.PAGE, count * Program.PAGE);
  }

  /** Read-only data, written by {@code content} with {@link #word} and {@link #offset}. */
  final void table(String name, Runnable content) {
    program.readOnly(name, 8, content);
  }

  final void word(int value) {
    assembler().word(value);
  }

  final void dword(long value) {
    assembler().dword(value);
  }

  /** In a table row, the place of a symbol or text; see {@link #loadOffset}. */
  final void offset(Label to, int positionInRow) {
    program.offset(to, positionInRow);
  }

  /** What {@link #offset} put at {@code position} of the row at {@code row}, as an address. */
  final void loadOffset(int rd, int position, int row) {
    lw(rd, position, row);
    add(rd, rd, row);
  }

  /** Fills up with no-operations. */
  final void alignCode(int alignment) {
    while (assembler().size() % alignment != 0) {
      nop();
    }
  }

  final Assembler assembler() {
    return program.assembler();
  }

  /** Loads the address of a text. */
  final void la(int rd, Label label) {
    assembler().la(rd, label);
  }

  /** Prints; the registers are the arguments of the {@link Printf format}'s directives. */
  final void printf(String format, int... arguments) {
    moveArguments(arguments);
    la(A0, text(format));
    call("printf");
  }

  /** Prints why, and ends the machine. */
  final void panic(String format, int... arguments) {
    moveArguments(arguments);
    la(A0, text(format));
    call("panic");
  }

  /** From the last to the first, so that a0 can become a1 and a1 become a2. */
  private void moveArguments(int... arguments) {
    for (int n = arguments.length - 1; n >= 0; n--) {
      int from = arguments[n];
      if (from > A0 + n + 1 && from <= A0 + arguments.length) {
        throw new IllegalArgumentException(
            "argument %d comes from a%d, which is already taken".formatted(n, from - A0));
      }
      mv(A0 + n + 1, from);
    }
  }

  /** Calls the supervisor's supervisor; {@code a0} becomes an error code, {@code a1} a value. */
  final void sbi(int extension, int function) {
    li(A7, extension);
    li(A6, function);
    ecall();
  }

  private void emit(int instruction) {
    program.emit(instruction);
  }

  // ---- constants and addresses
  // -------------------------------------------------------------------

  /** Any 64-bit constant, in as few instructions as {@link Assembler#li} needs. */
  final void li(int rd, long value) {
    if (value >= -2048 && value <= 2047) {
      emit(RiscvEncoder.addi(rd, ZERO, (int) value));
    } else {
      assembler().li(rd, value);
    }
  }

  /** The address of a symbol. */
  final void la(int rd, String symbol) {
    assembler().la(rd, symbol(symbol));
  }

  /** Reads a variable. */
  final void ld(int rd, String variable) {
    assembler().to(symbol(variable), d -> RiscvEncoder.auipc(rd, upper(d)));
    assembler().to(symbol(variable), d -> RiscvEncoder.ld(rd, rd, lower(d + 4)));
  }

  /** Writes a variable; {@code scratch} is overwritten. */
  final void sd(int rs, String variable, int scratch) {
    assembler().to(symbol(variable), d -> RiscvEncoder.auipc(scratch, upper(d)));
    assembler().to(symbol(variable), d -> RiscvEncoder.sd(scratch, rs, lower(d + 4)));
  }

  private static int lower(int distance) {
    return distance << 20 >> 20;
  }

  private static int upper(int distance) {
    return distance - lower(distance);
  }

  final void mv(int rd, int rs) {
    if (rd != rs) {
      emit(RiscvEncoder.addi(rd, rs, 0));
    }
  }

  final void not(int rd, int rs) {
    emit(RiscvEncoder.xori(rd, rs, -1));
  }

  final void neg(int rd, int rs) {
    emit(RiscvEncoder.sub(rd, ZERO, rs));
  }

  final void snez(int rd, int rs) {
    emit(RiscvEncoder.sltu(rd, ZERO, rs));
  }

  final void nop() {
    emit(RiscvEncoder.addi(ZERO, ZERO, 0));
  }

  // ---- control flow
  // ------------------------------------------------------------------------------

  final void j(String symbol) {
    assembler().j(symbol(symbol));
  }

  final void call(String function) {
    assembler().call(symbol(function));
  }

  final void jr(int rs) {
    emit(RiscvEncoder.jalr(ZERO, rs, 0));
  }

  /** Calls the function whose address is in a register. */
  final void callr(int rs) {
    emit(RiscvEncoder.jalr(RA, rs, 0));
  }

  final void beq(int rs1, int rs2, String symbol) {
    assembler().to(symbol(symbol), d -> RiscvEncoder.beq(rs1, rs2, d));
  }

  final void bne(int rs1, int rs2, String symbol) {
    assembler().to(symbol(symbol), d -> RiscvEncoder.bne(rs1, rs2, d));
  }

  final void bge(int rs1, int rs2, String symbol) {
    assembler().to(symbol(symbol), d -> RiscvEncoder.bge(rs1, rs2, d));
  }

  final void bltu(int rs1, int rs2, String symbol) {
    assembler().to(symbol(symbol), d -> RiscvEncoder.bltu(rs1, rs2, d));
  }

  final void bgeu(int rs1, int rs2, String symbol) {
    assembler().to(symbol(symbol), d -> RiscvEncoder.bgeu(rs1, rs2, d));
  }

  final void bgtu(int rs1, int rs2, String symbol) {
    assembler().to(symbol(symbol), d -> RiscvEncoder.bltu(rs2, rs1, d));
  }

  final void bleu(int rs1, int rs2, String symbol) {
    assembler().to(symbol(symbol), d -> RiscvEncoder.bgeu(rs2, rs1, d));
  }

  final void beqz(int rs, String symbol) {
    assembler().to(symbol(symbol), d -> RiscvEncoder.beq(rs, ZERO, d));
  }

  final void bnez(int rs, String symbol) {
    assembler().to(symbol(symbol), d -> RiscvEncoder.bne(rs, ZERO, d));
  }

  final void bltz(int rs, String symbol) {
    assembler().to(symbol(symbol), d -> RiscvEncoder.blt(rs, ZERO, d));
  }

  final void bgez(int rs, String symbol) {
    assembler().to(symbol(symbol), d -> RiscvEncoder.bge(rs, ZERO, d));
  }

  final void blez(int rs, String symbol) {
    assembler().to(symbol(symbol), d -> RiscvEncoder.bge(ZERO, rs, d));
  }

  // ---- memory
  // ------------------------------------------------------------------------------------

  final void lbu(int rd, int offset, int base) {
    emit(RiscvEncoder.lbu(rd, base, offset));
  }

  final void lhu(int rd, int offset, int base) {
    emit(RiscvEncoder.lhu(rd, base, offset));
  }

  final void lw(int rd, int offset, int base) {
    emit(RiscvEncoder.lw(rd, base, offset));
  }

  final void lwu(int rd, int offset, int base) {
    emit(RiscvEncoder.lwu(rd, base, offset));
  }

  final void ld(int rd, int offset, int base) {
    emit(RiscvEncoder.ld(rd, base, offset));
  }

  final void sb(int rs, int offset, int base) {
    emit(RiscvEncoder.sb(base, rs, offset));
  }

  final void sh(int rs, int offset, int base) {
    emit(RiscvEncoder.sh(base, rs, offset));
  }

  final void sw(int rs, int offset, int base) {
    emit(RiscvEncoder.sw(base, rs, offset));
  }

  final void sd(int rs, int offset, int base) {
    emit(RiscvEncoder.sd(base, rs, offset));
  }

  // ---- arithmetic
  // --------------------------------------------------------------------------------

  final void addi(int rd, int rs, int immediate) {
    emit(RiscvEncoder.addi(rd, rs, immediate));
  }

  final void andi(int rd, int rs, int immediate) {
    emit(RiscvEncoder.andi(rd, rs, immediate));
  }

  final void sltiu(int rd, int rs, int immediate) {
    emit(RiscvEncoder.sltiu(rd, rs, immediate));
  }

  final void slli(int rd, int rs, int shift) {
    emit(RiscvEncoder.slli(rd, rs, shift));
  }

  final void srli(int rd, int rs, int shift) {
    emit(RiscvEncoder.srli(rd, rs, shift));
  }

  final void srai(int rd, int rs, int shift) {
    emit(RiscvEncoder.srai(rd, rs, shift));
  }

  final void add(int rd, int rs1, int rs2) {
    emit(RiscvEncoder.add(rd, rs1, rs2));
  }

  final void sub(int rd, int rs1, int rs2) {
    emit(RiscvEncoder.sub(rd, rs1, rs2));
  }

  final void and(int rd, int rs1, int rs2) {
    emit(RiscvEncoder.and(rd, rs1, rs2));
  }

  final void or(int rd, int rs1, int rs2) {
    emit(RiscvEncoder.or(rd, rs1, rs2));
  }

  final void xor(int rd, int rs1, int rs2) {
    emit(RiscvEncoder.xor(rd, rs1, rs2));
  }

  final void sll(int rd, int rs1, int rs2) {
    emit(RiscvEncoder.sll(rd, rs1, rs2));
  }

  final void srl(int rd, int rs1, int rs2) {
    emit(RiscvEncoder.srl(rd, rs1, rs2));
  }

  final void mul(int rd, int rs1, int rs2) {
    emit(RiscvEncoder.mul(rd, rs1, rs2));
  }

  final void divu(int rd, int rs1, int rs2) {
    emit(RiscvEncoder.divu(rd, rs1, rs2));
  }

  final void remu(int rd, int rs1, int rs2) {
    emit(RiscvEncoder.remu(rd, rs1, rs2));
  }

  // ---- atomic memory operations
  // ------------------------------------------------------------------

  final void lrWAcquire(int rd, int address) {
    emit(RiscvEncoder.lrW(rd, address, ACQUIRE));
  }

  final void scW(int rd, int rs, int address) {
    emit(RiscvEncoder.scW(rd, address, rs, 0));
  }

  final void amoswapWRelease(int rd, int rs, int address) {
    emit(RiscvEncoder.amoswapW(rd, address, rs, RELEASE));
  }

  final void amoswapD(int rd, int rs, int address) {
    emit(RiscvEncoder.amoswapD(rd, address, rs, ACQUIRE | RELEASE));
  }

  final void amoaddD(int rd, int rs, int address) {
    emit(RiscvEncoder.amoaddD(rd, address, rs, ACQUIRE | RELEASE));
  }

  final void amoorD(int rd, int rs, int address) {
    emit(RiscvEncoder.amoorD(rd, address, rs, ACQUIRE | RELEASE));
  }

  final void fence(int before, int after) {
    emit(RiscvEncoder.fence(before, after));
  }

  // ---- system
  // ------------------------------------------------------------------------------------

  final void ecall() {
    emit(RiscvEncoder.ecall());
  }

  final void ebreak() {
    emit(RiscvEncoder.ebreak());
  }

  final void sret() {
    emit(RiscvEncoder.sret());
  }

  final void wfi() {
    emit(RiscvEncoder.wfi());
  }

  /** Translations of all addresses are read from the tables again. */
  final void sfenceVma() {
    emit(RiscvEncoder.sfenceVma(ZERO, ZERO));
  }

  final void csrr(int rd, int csr) {
    emit(RiscvEncoder.csrrs(rd, csr, ZERO));
  }

  final void csrw(int csr, int rs) {
    emit(RiscvEncoder.csrrw(ZERO, csr, rs));
  }

  final void csrrw(int rd, int csr, int rs) {
    emit(RiscvEncoder.csrrw(rd, csr, rs));
  }

  final void csrs(int csr, int rs) {
    emit(RiscvEncoder.csrrs(ZERO, csr, rs));
  }

  final void csrc(int csr, int rs) {
    emit(RiscvEncoder.csrrc(ZERO, csr, rs));
  }

  /** Interrupts are taken again. */
  final void interruptsOn() {
    emit(RiscvEncoder.csrrsi(ZERO, Csr.SSTATUS, Csr.SSTATUS_SIE));
  }

  /** No interrupt is taken; {@code rd} is what sstatus was. */
  final void interruptsOff(int rd) {
    emit(RiscvEncoder.csrrci(rd, Csr.SSTATUS, Csr.SSTATUS_SIE));
  }
}
