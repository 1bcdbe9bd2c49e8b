package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static dev.kasuari.target.riscv.asm.Reg.A2;
import static dev.kasuari.target.riscv.asm.Reg.A3;
import static dev.kasuari.target.riscv.asm.Reg.S0;
import static dev.kasuari.target.riscv.asm.Reg.S1;
import static dev.kasuari.target.riscv.asm.Reg.T0;
import static dev.kasuari.target.riscv.asm.Reg.T1;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.addi;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.amoaddD;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.csrrs;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.csrrwi;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.fence;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.fenceI;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.ld;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.lrD;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.lw;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.scD;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.sd;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.sub;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.sw;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.wfi;
import static dev.kasuari.target.riscv.translate.MachineMode.MCAUSE;
import static dev.kasuari.target.riscv.translate.MachineMode.MEPC;
import static dev.kasuari.target.riscv.translate.MachineMode.MIE;
import static dev.kasuari.target.riscv.translate.MachineMode.MINSTRET;
import static dev.kasuari.target.riscv.translate.MachineMode.MTVAL;
import static dev.kasuari.target.riscv.translate.MachineMode.trapTo;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.LogCategory;
import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.asm.Label;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Small programs through decoder, IR, interpreter, soft MMU and the vCPU loop. */
@Tag("fast")
class ExecutionTest {
  private static final int MHARTID = 0xf14;
  private static final long DATA = BareMetal.RAM + 0x10_0000;

  @Test
  void countsWhatItRetires() throws InterruptedException {
    var a = new Assembler();
    a.i(csrrs(A0, MINSTRET, 0));
    a.i(addi(A2, A2, 1), addi(A2, A2, 1), addi(A2, A2, 1));
    a.i(csrrs(A1, MINSTRET, 0));
    a.i(sub(A0, A1, A0));
    BareMetal.exit(a, A0);
    try (var machine = new BareMetal(1, a)) {
      assertThat(machine.run()).isEqualTo(4);
    }
  }

  @Test
  void aTrapInTheMiddleOfAUnitIsPrecise() throws InterruptedException {
    var a = new Assembler();
    Label handler = a.label("handler");
    trapTo(a, handler);
    a.li(S0, 0x4000_0000);
    a.li(A0, 5);
    a.i(addi(A0, A0, 1));
    int at = a.size();
    a.i(ld(A0, S0, 8)); // nobody answers there
    a.i(addi(A0, A0, 100));
    a.align(4);
    a.bind(handler);
    a.i(csrrs(A1, MEPC, 0), csrrs(A2, MTVAL, 0), csrrs(A3, MCAUSE, 0));
    BareMetal.exit(a, A0);
    try (var machine = new BareMetal(1, a)) {
      assertThat(machine.run()).isEqualTo(6);
      assertThat(machine.hart(0).x(A1)).isEqualTo(BareMetal.RAM + at);
      assertThat(machine.hart(0).x(A2)).isEqualTo(0x4000_0008);
      assertThat(machine.hart(0).x(A3)).isEqualTo(5);
    }
  }

  @Test
  void codeThatIsWrittenOverIsTranslatedAnew() throws InterruptedException {
    var a = new Assembler();
    Label patch = a.label("patch");
    a.la(S0, patch);
    a.li(S1, RiscvEncoder.addi(A0, A0, 7));
    a.li(A1, 3);
    Label again = a.here("again");
    a.bind(patch);
    a.i(addi(A0, A0, 1));
    a.i(sw(S0, S1, 0), fenceI(), addi(A1, A1, -1));
    a.bnez(A1, again);
    BareMetal.exit(a, A0);
    try (var machine = new BareMetal(1, a)) {
      assertThat(machine.run()).isEqualTo(1 + 7 + 7);
    }
  }

  @Test
  void accessesAcrossPagesAndAlignments() throws InterruptedException {
    var a = new Assembler();
    a.li(S0, DATA + 4096);
    a.li(A1, 0x1122_3344_5566_7788L);
    for (int back = 1; back < 8; back++) {
      a.i(sd(S0, A1, -back), ld(A2, S0, -back), sub(A2, A2, A1), RiscvEncoder.or(A0, A0, A2));
    }
    a.i(lw(A3, S0, -3));
    BareMetal.exit(a, A0);
    try (var machine = new BareMetal(1, a)) {
      assertThat(machine.run()).isZero();
      assertThat(machine.hart(0).x(A3)).isEqualTo(0x1122_3344);
    }
  }

  /** Four harts add with amoadd and with lr/sc; none of the additions is lost. */
  @Test
  void atomicsOfSeveralHarts() throws InterruptedException {
    int harts = 4;
    int rounds = 20_000;
    var a = new Assembler();
    a.li(S0, DATA);
    a.li(T0, 1);
    a.li(A1, rounds);
    Label again = a.here("again");
    a.i(amoaddD(0, S0, T0, 0));
    Label retry = a.here("retry");
    a.i(addi(T1, S0, 8), lrD(A2, T1, 3), addi(A2, A2, 1), scD(A3, T1, A2, 3));
    a.bnez(A3, retry);
    a.i(addi(A1, A1, -1));
    a.bnez(A1, again);
    a.i(fence(3, 3), addi(T1, S0, 16), amoaddD(A2, T1, T0, 3));
    a.li(A3, harts - 1);
    Label wait = a.label("wait");
    a.to(wait, d -> RiscvEncoder.bne(A2, A3, d));
    a.i(ld(A0, S0, 0), ld(A1, S0, 8), sub(A0, A0, A1));
    BareMetal.exit(a, A0);
    a.bind(wait);
    a.i(wfi());
    a.j(wait);
    try (var machine = new BareMetal(harts, a)) {
      assertThat(machine.run()).isZero();
      assertThat(machine.hart(0).state().address()).isNotZero();
      byte[] sum = machine.ram().get(DATA - BareMetal.RAM, 4);
      assertThat(ByteBuffer.wrap(sum).order(ByteOrder.LITTLE_ENDIAN).getInt())
          .isEqualTo(harts * rounds);
    }
  }

  /** Hart 1 waits for an interrupt that hart 0 sends; a hundred times. */
  @Test
  void anInterruptEndsAWait() throws InterruptedException {
    var a = new Assembler();
    Label second = a.label("second");
    a.li(S0, DATA);
    a.li(S1, BareMetal.MSIP);
    a.i(csrrs(A0, MHARTID, 0));
    a.bnez(A0, second);
    a.li(A1, 100);
    Label send = a.here("send");
    a.li(T0, 1);
    a.i(sw(S1, T0, 4));
    Label until = a.here("until");
    a.i(ld(A2, S0, 0), RiscvEncoder.add(A2, A2, A1), addi(A2, A2, -101));
    a.bnez(A2, until);
    a.i(addi(A1, A1, -1));
    a.bnez(A1, send);
    a.i(ld(A0, S0, 0));
    BareMetal.exit(a, A0);
    a.bind(second);
    a.i(csrrwi(0, MIE, 8));
    Label sleep = a.here("sleep");
    a.i(wfi());
    a.i(csrrs(A2, 0x344, 0), RiscvEncoder.andi(A2, A2, 8));
    a.beqz(A2, sleep);
    a.i(sw(S1, 0, 4), ld(A3, S0, 0), addi(A3, A3, 1), sd(S0, A3, 0));
    a.j(sleep);
    try (var machine = new BareMetal(2, a)) {
      assertThat(machine.run()).isEqualTo(100);
    }
  }

  @Test
  void logsShowInstructionsAndOperations() throws InterruptedException {
    var a = new Assembler();
    a.i(addi(A0, 0, 3));
    BareMetal.exit(a, A0);
    try (var machine = new BareMetal(1, a, LogCategory.IN_ASM, LogCategory.OP)) {
      assertThat(machine.run()).isEqualTo(3);
      assertThat(machine.log())
          .anyMatch(line -> line.contains("0x0000000080000000:  00300513  "))
          .anyMatch(line -> line.contains("unit_start"));
    }
  }

  @Test
  void aMachineThatIsClosedLeavesNoThread() throws InterruptedException {
    var a = new Assembler();
    a.j(a.here("forever"));
    var one = new BareMetal(2, a);
    var two = new BareMetal(2, a);
    one.machine().resume();
    two.machine().resume();
    one.close();
    two.close();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("bare"));
  }
}
