package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static dev.kasuari.target.riscv.asm.Reg.S0;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.csrrs;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.scW;
import static dev.kasuari.target.riscv.translate.MachineMode.MCAUSE;
import static dev.kasuari.target.riscv.translate.MachineMode.MTVAL;
import static dev.kasuari.target.riscv.translate.MachineMode.trapTo;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.cpu.TrapCause;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Corners of atomics that a comparison with QEMU has found. */
@Tag("fast")
class AtomicsTest {

  /** Unprivileged manual, section 14.2: misaligned is an exception, reservation or not. */
  @Test
  void aMisalignedStoreConditionalFaultsWithoutAReservation() throws InterruptedException {
    var a = new Assembler();
    var handler = a.label("handler");
    trapTo(a, handler);
    a.li(S0, BareMetal.RAM + 0x10_0002);
    a.i(scW(A0, S0, 0, 0));
    a.align(4);
    a.bind(handler);
    a.i(csrrs(A0, MCAUSE, 0), csrrs(A1, MTVAL, 0));
    BareMetal.exit(a, A0);
    try (var machine = new BareMetal(1, a)) {
      assertThat(machine.run()).isEqualTo(TrapCause.STORE_MISALIGNED);
      assertThat(machine.hart(0).x(A1)).isEqualTo(BareMetal.RAM + 0x10_0002);
    }
  }
}
