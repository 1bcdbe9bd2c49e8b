package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static dev.kasuari.target.riscv.asm.Reg.S0;
import static dev.kasuari.target.riscv.asm.Reg.T0;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.csrrs;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.flw;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.fmvXW;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.sw;
import static dev.kasuari.target.riscv.translate.MachineMode.MEPC;
import static dev.kasuari.target.riscv.translate.MachineMode.MSTATUS;
import static dev.kasuari.target.riscv.translate.MachineMode.trapTo;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.asm.Assembler;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Corners of loads and stores that a comparison with QEMU has found. */
@Tag("fast")
class MemoryTest {
  private static final long DATA = BareMetal.RAM + 0x10_0000;

  /** Its value goes through a box, so that the interpreter takes it for no common sequence. */
  @Test
  void aLoadOfASingleGoesOnWithWhatFollows() throws InterruptedException {
    var a = floatingPoint();
    a.li(S0, DATA);
    a.li(A1, 0x3f80_0000);
    a.i(sw(S0, A1, 0), flw(1, S0, 0), fmvXW(A0, 1));
    BareMetal.exit(a, A0);
    try (var machine = new BareMetal(1, a)) {
      assertThat(machine.run()).isEqualTo(0x3f80_0000);
    }
  }

  @Test
  void aLoadOfASingleFaultsAtItsOwnAddress() throws InterruptedException {
    var a = floatingPoint();
    var handler = a.label("handler");
    trapTo(a, handler);
    a.li(S0, 0x4000_0000);
    int at = a.size();
    a.i(flw(1, S0, 0));
    a.align(4);
    a.bind(handler);
    a.i(csrrs(A1, MEPC, 0));
    BareMetal.exit(a, A0);
    try (var machine = new BareMetal(1, a)) {
      machine.run();
      assertThat(machine.hart(0).x(A1)).isEqualTo(BareMetal.RAM + at);
    }
  }

  private static Assembler floatingPoint() {
    var a = new Assembler();
    a.li(T0, 3 << 13);
    a.i(csrrs(0, MSTATUS, T0));
    return a;
  }
}
