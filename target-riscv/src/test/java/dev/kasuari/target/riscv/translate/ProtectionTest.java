package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static dev.kasuari.target.riscv.asm.Reg.A2;
import static dev.kasuari.target.riscv.asm.Reg.A3;
import static dev.kasuari.target.riscv.asm.Reg.A4;
import static dev.kasuari.target.riscv.asm.Reg.RA;
import static dev.kasuari.target.riscv.asm.Reg.S0;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.addi;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.amoaddD;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.csrrs;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.jalr;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.ld;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.lw;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.sd;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.sh;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.srli;
import static dev.kasuari.target.riscv.translate.MachineMode.MCAUSE;
import static dev.kasuari.target.riscv.translate.MachineMode.MEPC;
import static dev.kasuari.target.riscv.translate.MachineMode.MTVAL;
import static dev.kasuari.target.riscv.translate.MachineMode.PMPADDR0;
import static dev.kasuari.target.riscv.translate.MachineMode.PMPCFG0;
import static dev.kasuari.target.riscv.translate.MachineMode.set;
import static dev.kasuari.target.riscv.translate.MachineMode.trapTo;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.asm.Assembler;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Physical memory protection finer than a page, as programs meet it. */
@Tag("fast")
class ProtectionTest {
  private static final int LOCKED_NA4 = 0x90;
  private static final long DATA = BareMetal.RAM + 0x10_0000;

  /** Ends with the cause, and mtval and mepc in A3 and A4, at the first trap. */
  private static Assembler withHandler() {
    var a = new Assembler();
    var start = a.label("start");
    var handler = a.label("handler");
    trapTo(a, handler);
    a.j(start);
    a.align(4);
    a.bind(handler);
    a.i(csrrs(A2, MCAUSE, 0), csrrs(A3, MTVAL, 0), csrrs(A4, MEPC, 0));
    BareMetal.exit(a, A2);
    a.bind(start);
    return a;
  }

  private static void protect(Assembler a, long address, int permissions) {
    set(a, PMPADDR0, address >> 2);
    set(a, PMPCFG0, LOCKED_NA4 | permissions);
  }

  private static int access(String kind, int offset) {
    return switch (kind) {
      case "lw" -> lw(A0, S0, offset);
      case "ld" -> ld(A0, S0, offset);
      case "sd" -> sd(S0, A1, offset);
      case "amo" -> amoaddD(A0, S0, A1, 0);
      default -> throw new AssertionError(kind);
    };
  }

  /** Four bytes at DATA + 4 may not be touched; 0 is no trap. */
  @ParameterizedTest
  @CsvSource({
    "lw, 0, 0",
    "lw, 4, 5",
    "lw, 2, 5",
    "ld, 0, 5",
    "ld, 8, 0",
    "ld, 1, 5",
    "sd, 0, 7",
    "sd, 8, 0",
    "sd, -8, 0",
    "sd, -3, 7",
    "amo, 0, 7",
    "amo, 8, 0",
    "ld, 2040, 0",
    "ld, -2048, 0",
  })
  void allBytesOfAnAccessMustBePermitted(String kind, int offset, int cause)
      throws InterruptedException {
    var a = withHandler();
    a.li(S0, DATA + (kind.equals("amo") ? offset : 0));
    a.li(A1, 0x1111_1111_1111_1111L);
    protect(a, DATA + 4, 0);
    // Twice, as the answer to the first must not be kept for the second.
    int before = lw(A0, S0, kind.equals("amo") ? -offset : 0);
    a.i(before, access(kind, kind.equals("amo") ? 0 : offset));
    BareMetal.exit(a, 0);
    try (var machine = new BareMetal(1, a)) {
      assertThat(machine.run()).isEqualTo(cause);
      byte[] guarded = machine.ram().get(DATA + 4 - BareMetal.RAM, 4);
      assertThat(guarded).containsOnly(0);
      if (cause != 0) {
        // Section 3.1.16: of an access in two pages, the part that faults.
        assertThat(machine.hart(0).x(A3)).isEqualTo(Math.max(DATA + offset, DATA));
        assertThat(machine.ram().get(DATA - BareMetal.RAM, 4)).containsOnly(0);
      }
    }
  }

  /** A page-crossing store of which only the second part is refused stores nothing. */
  @Test
  void bothPartsOfAStoreAcrossPagesMustBePermitted() throws InterruptedException {
    var a = withHandler();
    a.li(S0, DATA - 2);
    a.li(A1, -1);
    protect(a, DATA + 4, 0);
    a.i(sd(S0, A1, 0));
    BareMetal.exit(a, 0);
    try (var machine = new BareMetal(1, a)) {
      assertThat(machine.run()).isEqualTo(7);
      assertThat(machine.ram().get(DATA - 8 - BareMetal.RAM, 16)).containsOnly(0);
    }
  }

  /** An instruction of four bytes at DATA + 2, the second half of which is in the entry. */
  private static Assembler instructionAcross(int permissions) {
    var a = withHandler();
    a.li(S0, DATA);
    a.li(A1, addi(A0, A0, 1) & 0xffff_ffffL);
    a.i(sh(S0, A1, 2));
    a.i(srli(A1, A1, 16));
    a.i(sh(S0, A1, 4));
    a.li(A1, 0x8082); // c.ret
    a.i(sh(S0, A1, 6));
    protect(a, DATA + 4, permissions);
    a.li(A0, 41);
    a.i(jalr(RA, S0, 2));
    BareMetal.exit(a, A0);
    return a;
  }

  @Test
  void anInstructionIsFetchedFromWhereAllOfItMayBeExecuted() throws InterruptedException {
    try (var machine = new BareMetal(1, instructionAcross(5))) {
      assertThat(machine.run()).isEqualTo(42);
    }
  }

  @Test
  void theHalfOfAnInstructionThatMayNotBeExecutedIsNamed() throws InterruptedException {
    try (var machine = new BareMetal(1, instructionAcross(1))) {
      assertThat(machine.run()).isEqualTo(1);
      assertThat(machine.hart(0).x(A3)).isEqualTo(DATA + 4);
      assertThat(machine.hart(0).x(A4)).isEqualTo(DATA + 2);
      assertThat(machine.hart(0).x(A0)).isEqualTo(41);
    }
  }
}
