package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static dev.kasuari.target.riscv.asm.Reg.S0;
import static dev.kasuari.target.riscv.asm.Reg.S1;
import static dev.kasuari.target.riscv.asm.Reg.S2;
import static dev.kasuari.target.riscv.asm.Reg.S3;
import static dev.kasuari.target.riscv.asm.Reg.S4;
import static dev.kasuari.target.riscv.asm.Reg.S5;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Harts that wait for one another's interrupts in WFI, after pauses between nothing and a few times
 * as long as a halted vCPU looks before its thread sleeps: a wake-up that is lost ends the round.
 */
@Tag("fast")
class WakeUpTest {
  private static final int MIE = 0x304;
  private static final int MIP = 0x344;
  private static final int MHARTID = 0xf14;
  private static final int SOFTWARE = 8;

  /** Each hart hands an interrupt on to the next; the first one counts the rounds. */
  private static Assembler ring(int harts, int rounds, int pauseBits) {
    var a = new Assembler();
    var first = a.label("first");
    var go = a.label("go");
    a.li(A0, SOFTWARE);
    a.i(RiscvEncoder.csrrw(0, MIE, A0), RiscvEncoder.csrrs(S5, MHARTID, 0));
    a.li(S0, BareMetal.MSIP);
    a.i(RiscvEncoder.slli(S1, S5, 2), RiscvEncoder.add(S1, S1, S0));
    a.i(RiscvEncoder.addi(S2, S1, 4), RiscvEncoder.addi(A0, S5, 1 - harts));
    a.bnez(A0, first);
    a.i(RiscvEncoder.addi(S2, S0, 0)); // the last one's next is the first
    a.bind(first);
    a.li(S3, rounds);
    a.i(RiscvEncoder.addi(S4, S5, 77)); // the pauses' seed
    a.li(A1, 1);
    a.bnez(S5, go);
    a.i(RiscvEncoder.sw(S2, A1, 0));
    a.bind(go);
    var wait = a.here("wait");
    a.i(RiscvEncoder.wfi(), RiscvEncoder.csrrs(A0, MIP, 0), RiscvEncoder.andi(A0, A0, SOFTWARE));
    a.beqz(A0, wait);
    a.i(RiscvEncoder.sw(S1, 0, 0), RiscvEncoder.addi(S3, S3, -1));
    var on = a.label("on");
    a.bnez(S3, on);
    BareMetal.exit(a, 0);
    a.bind(on);
    a.li(A0, 1_103_515_245);
    a.i(RiscvEncoder.mulw(S4, S4, A0), RiscvEncoder.addiw(S4, S4, 1234));
    a.i(RiscvEncoder.srliw(A0, S4, 32 - pauseBits));
    // Every other pause is short.
    a.i(RiscvEncoder.slli(A1, S4, 47), RiscvEncoder.srai(A1, A1, 63));
    a.i(RiscvEncoder.andi(A1, A1, 15), RiscvEncoder.srl(A0, A0, A1));
    var pause = a.here("pause");
    a.i(RiscvEncoder.addi(A0, A0, -1), RiscvEncoder.slti(A1, A0, 1));
    a.beqz(A1, pause);
    a.li(A1, 1);
    a.i(RiscvEncoder.sw(S2, A1, 0));
    a.j(wait);
    return a;
  }

  @ParameterizedTest
  @CsvSource({"interp, 2, 10", "interp, 4, 10", "x86_64, 2, 18", "x86_64, 3, 18", "x86_64, 4, 14"})
  void noneIsLost(String backEnd, int harts, int pauseBits) throws InterruptedException {
    Assembler program = ring(harts, 3000, pauseBits);
    try (var machine = new BareMetal(RiscvModel.rv64(), harts, program, BackEnds.named(backEnd))) {
      assertThat(machine.run()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"interp, 10", "x86_64, 18"})
  void noneIsLostAcrossPauses(String backEnd, int pauseBits) throws InterruptedException {
    Assembler program = ring(3, 2000, pauseBits);
    try (var machine = new BareMetal(RiscvModel.rv64(), 3, program, BackEnds.named(backEnd))) {
      for (int i = 0; i < 100; i++) {
        machine.machine().resume();
        Thread.sleep(0, 300_000);
        machine.machine().pause();
      }
      assertThat(machine.run()).isZero();
    }
  }
}
