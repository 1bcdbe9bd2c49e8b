package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.T0;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.csrrw;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.mret;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.asm.Label;

/** What programs in machine mode do before they try something. All of it changes {@code t0}. */
final class MachineMode {
  static final int SENVCFG = 0x10a;
  static final int SATP = 0x180;
  static final int MSTATUS = 0x300;
  static final int MIE = 0x304;
  static final int MTVEC = 0x305;
  static final int MENVCFG = 0x30a;
  static final int MEPC = 0x341;
  static final int MCAUSE = 0x342;
  static final int MTVAL = 0x343;
  static final int PMPCFG0 = 0x3a0;
  static final int PMPADDR0 = 0x3b0;
  static final int MINSTRET = 0xb02;

  private MachineMode() {}

  /** Appends: a CSR gets a value. */
  static void set(Assembler a, int csr, long value) {
    a.li(T0, value);
    a.i(csrrw(0, csr, T0));
  }

  /** Appends: traps go to a handler, which must be at a multiple of four. */
  static void trapTo(Assembler a, Label handler) {
    a.la(T0, handler);
    a.i(csrrw(0, MTVEC, T0));
  }

  /** Appends: lower modes may access all memory. */
  static void openMemory(Assembler a) {
    set(a, PMPADDR0, -1);
    set(a, PMPCFG0, 0x1f);
  }

  /** Appends: goes on at a label in a lower mode, the number of which is its privilege. */
  static void enter(Assembler a, int privilege, Label at) {
    a.la(T0, at);
    a.i(csrrw(0, MEPC, T0));
    set(a, MSTATUS, (long) privilege << 11);
    a.i(mret());
  }
}
