package dev.kasuari.it;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.S0;
import static dev.kasuari.target.riscv.asm.Reg.S1;
import static dev.kasuari.target.riscv.asm.Reg.T0;
import static dev.kasuari.target.riscv.asm.Reg.T1;
import static dev.kasuari.target.riscv.asm.Reg.T2;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.add;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.addi;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.andi;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.ld;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.sd;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.slli;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.srli;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.sw;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.xor;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.asm.Label;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.target.riscv.translate.RiscvInstructionSet;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The same loop here and in QEMU, and how long both take. Says how fast guest code runs; it is no
 * promise, and fails only if the results differ. {@code ./kasuari test guest -pl it -am
 * -Dtest=SpeedReport}, with {@code -Dkasuari.it.backend=} and {@code KASUARI_QEMU} as in {@link
 * Campaign}.
 */
@Tag("guest")
class SpeedReport {
  private static final long DATA = Program.BASE + 0x10_0000;
  private static final int DATA_SIZE = 2048;
  private static final int INSTRUCTIONS = 13;
  private static final int MILLION = 1_000_000;

  @Test
  void sameLoopHereAndThere() throws Exception {
    Peer ours = new KasuariPeer(RiscvModel.rv64(), new RiscvInstructionSet());
    Peer theirs = QemuPeer.find();
    double here = nanosPerInstruction(ours, MILLION, 16 * MILLION);
    double there = nanosPerInstruction(theirs, 10 * MILLION, 800 * MILLION);
    System.out.printf(
        "SpeedReport: %.1f ns for a guest instruction here, %.2f in %s: %.0f times its time%n",
        here, there, theirs.name(), here / there);
    assertThat(ours.run(loop(MILLION)).getFirst()).isEqualTo(theirs.run(loop(MILLION)).getFirst());
  }

  /** From two runs, as what start and end take is in both; the longer is to take seconds. */
  private static double nanosPerInstruction(Peer peer, int few, int many) throws Exception {
    long less = nanos(peer, few);
    long more = nanos(peer, many);
    return (double) (more - less) / ((long) (many - few) * INSTRUCTIONS);
  }

  private static long nanos(Peer peer, int rounds) throws Exception {
    Program program = loop(rounds);
    long start = System.nanoTime();
    var _ = peer.run(program);
    return System.nanoTime() - start;
  }

  /** Random numbers added to places that they choose. */
  private static Program loop(int rounds) {
    var a = new Assembler();
    a.li(S0, DATA);
    a.li(S1, rounds);
    a.li(A0, 88172645463325252L);
    Label again = a.here("again");
    a.i(slli(T0, A0, 13), xor(A0, A0, T0));
    a.i(srli(T0, A0, 7), xor(A0, A0, T0));
    a.i(slli(T0, A0, 17), xor(A0, A0, T0));
    a.i(andi(T1, A0, DATA_SIZE - 8), add(T1, T1, S0));
    a.i(ld(T2, T1, 0), add(T2, T2, A0), sd(T1, T2, 0));
    a.i(addi(S1, S1, -1));
    a.bnez(S1, again);
    Label done = a.label("done");
    a.j(done);
    a.align(4096); // a breakpoint slows the page it is in
    a.bind(done);
    long at = Program.BASE + a.size();
    a.li(T0, Program.FINISHER);
    a.i(sw(T0, S1, 0));
    Label here = a.here("here");
    a.j(here);
    return new Program(a.assemble(), at, DATA, List.of(new Extent(DATA, DATA_SIZE)));
  }
}
