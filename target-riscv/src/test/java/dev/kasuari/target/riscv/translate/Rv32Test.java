package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static dev.kasuari.target.riscv.asm.Reg.A2;
import static dev.kasuari.target.riscv.asm.Reg.A3;
import static dev.kasuari.target.riscv.asm.Reg.A4;
import static dev.kasuari.target.riscv.asm.Reg.A5;
import static dev.kasuari.target.riscv.asm.Reg.S0;
import static dev.kasuari.target.riscv.asm.Reg.S1;
import static dev.kasuari.target.riscv.asm.Reg.T0;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.add;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.addi;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.clmulh;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.csrrs;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.csrrw;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.ecall;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.lw;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.mret;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.mulh;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.rev8Rv32;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.sra;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.srli;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.sw;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.zextHRv32;
import static dev.kasuari.target.riscv.translate.MachineMode.MCAUSE;
import static dev.kasuari.target.riscv.translate.MachineMode.MEPC;
import static dev.kasuari.target.riscv.translate.MachineMode.MSTATUS;
import static dev.kasuari.target.riscv.translate.MachineMode.MTVAL;
import static dev.kasuari.target.riscv.translate.MachineMode.SATP;
import static dev.kasuari.target.riscv.translate.MachineMode.openMemory;
import static dev.kasuari.target.riscv.translate.MachineMode.set;
import static dev.kasuari.target.riscv.translate.MachineMode.trapTo;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.asm.Label;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Registers of 32 bits: instructions that depend on the width, addresses, traps and Sv32. */
@Tag("fast")
class Rv32Test {
  private static final int MISA = 0x301;

  private static final int MIB = 1 << 20;
  private static final int ROOT = 4 * MIB;
  private static final int ECALL_FROM_S = 9;

  /** Valid, readable, writable, executable, accessed, dirty. */
  private static final int LEAF = 0xcf;

  /** Where RAM is seen, through pages of 4 MiB. */
  private static final long ALIAS = 0xc000_0000L;

  private static BareMetal machine(Assembler a) {
    return new BareMetal(RiscvModel.rv32(), 1, a);
  }

  @Test
  void instructionsAreOfThirtyTwoBits() throws InterruptedException {
    var a = new Assembler(32);
    a.li(S0, 0x8765_4321);
    a.li(S1, 0x1234_5678);
    a.i(mulh(A0, S0, S1), sra(A1, S0, S1), rev8Rv32(A2, S0), zextHRv32(A3, S0));
    a.i(clmulh(A4, S0, S1), csrrs(A5, MISA, 0));
    BareMetal.exit(a, 0);
    try (var machine = machine(a)) {
      machine.run();
      long product = -0x789a_bcdfL * 0x1234_5678;
      assertThat(machine.hart(0).x(A0)).isEqualTo(product >> 32);
      assertThat(machine.hart(0).x(A1)).isEqualTo(0x8765_4321 >> 24);
      assertThat(machine.hart(0).x(A2)).isEqualTo(0x2143_6587);
      assertThat(machine.hart(0).x(A3)).isEqualTo(0x4321);
      assertThat(machine.hart(0).x(A4)).isEqualTo(upperProduct());
      assertThat(machine.hart(0).x(A5)).isEqualTo(0x4014_112d);
    }
  }

  private static int upperProduct() {
    long product = 0;
    for (int bit = 0; bit < 32; bit++) {
      product ^= (0x1234_5678 >> bit & 1) != 0 ? 0x8765_4321L << bit : 0;
    }
    return (int) (product >> 32);
  }

  @Test
  void addressesAndLoadedWordsHave32Bits() throws InterruptedException {
    var a = new Assembler(32);
    Label data = a.label("data");
    a.la(S0, data);
    a.i(addi(S1, S0, 2047), lw(A0, S1, -2047), srli(A1, A0, 31));
    // Twice half of all the addresses there are is nothing.
    a.li(T0, 0x8000_0000L);
    a.i(add(S1, S0, T0), add(S1, S1, T0), lw(A2, S1, 0));
    BareMetal.exit(a, 0);
    a.align(8);
    a.bind(data);
    a.word(0x8000_0001);
    try (var machine = machine(a)) {
      machine.run();
      assertThat(machine.hart(0).x(A0)).isEqualTo(0xffff_ffff_8000_0001L);
      assertThat(machine.hart(0).x(A1)).isEqualTo(1);
      assertThat(machine.hart(0).x(A2)).isEqualTo(0xffff_ffff_8000_0001L);
    }
  }

  @Test
  void aSupervisorRunsInTranslatedMemory() throws InterruptedException {
    var a = new Assembler(32);
    Label handler = a.label("handler");
    Label supervisor = a.label("supervisor");
    trapTo(a, handler);
    openMemory(a);
    // One entry: the alias of the first 4 MiB of RAM.
    a.li(S0, BareMetal.RAM + ROOT + 4 * (ALIAS >> 22));
    a.li(T0, BareMetal.RAM >> 12 << 10 | LEAF);
    a.i(sw(S0, T0, 0));
    set(a, SATP, 0x8000_0000L | (BareMetal.RAM + ROOT) >> 12);
    a.la(T0, supervisor);
    a.li(A0, ALIAS - BareMetal.RAM);
    a.i(add(T0, T0, A0), csrrw(0, MEPC, T0));
    a.li(T0, 1 << 11);
    a.i(csrrw(0, MSTATUS, T0), mret());
    a.bind(supervisor);
    a.li(A0, ALIAS + MIB);
    a.li(A1, 0x1122_3344);
    a.i(sw(A0, A1, 0), lw(A2, A0, 0), ecall());
    a.align(4);
    a.bind(handler);
    a.i(csrrs(A3, MCAUSE, 0), csrrs(A4, MTVAL, 0));
    BareMetal.exit(a, A3);
    try (var machine = machine(a)) {
      assertThat(machine.run()).isEqualTo(ECALL_FROM_S);
      assertThat(machine.hart(0).x(A2)).isEqualTo(0x1122_3344);
      assertThat(machine.ram().get(MIB, 4)).containsExactly(0x44, 0x33, 0x22, 0x11);
    }
  }
}
