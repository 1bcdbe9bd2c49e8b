package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static dev.kasuari.target.riscv.asm.Reg.S0;
import static dev.kasuari.target.riscv.asm.Reg.T0;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.addi;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.bne;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.ld;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.sd;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.sw;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.MmioHandler;
import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.cpu.RiscvMode;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.SoftMmu;
import dev.kasuari.tcg.x86_64.CodeFaultException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Emitted code that touches memory of the host that is not there, which a test has to provoke: the
 * machine ends with a report that names the code, and its neighbours go on.
 */
@Tag("fast")
class CodeFaultTest {
  private static final long BREAKER = 0x1000_0000L;
  private static final long DATA = BareMetal.RAM + 0x10_0000;

  /** Makes what the soft MMU knows of the data's page lead to nowhere, for reads and writes. */
  private record Breaker(BareMetal machine) implements MmioHandler {
    private static final int NOWHERE = 0x1000;

    @Override
    public long read(long offset, int size, BusAccess access) {
      return 0;
    }

    @Override
    public void write(long offset, int size, long value, BusAccess access) {
      long tlb = machine.hart(0).state().address() + EngineState.tlb(RiscvMode.MMU_MACHINE);
      long mask = RawMemory.getLong(tlb + EngineState.TLB_MASK);
      long entry = RawMemory.getLong(tlb + EngineState.TLB_TABLE) + (DATA >> 7 & mask);
      RawMemory.putLong(entry + SoftMmu.ADDEND, NOWHERE - DATA);
    }
  }

  private static BareMetal machine(Assembler program) {
    var machine = new BareMetal(RiscvModel.rv64(), 1, program, BackEnds.named("x86_64"));
    machine
        .machine()
        .locked(() ->
            machine
                .machine()
                .root()
                .add(BREAKER, MemoryRegion.mmio("breaker", 8, new Breaker(machine))));
    return machine;
  }

  /** A first access succeeds, the second one faults; returns where it is. */
  private static long access(Assembler a, int first, int second) {
    a.li(S0, DATA);
    a.li(T0, BREAKER);
    a.i(addi(A0, 0, 42), first, sw(T0, 0, 0), addi(A1, A0, 0));
    long at = BareMetal.RAM + a.size();
    a.i(second);
    BareMetal.exit(a, A1);
    return at;
  }

  @ParameterizedTest
  @ValueSource(strings = {"load", "store"})
  void aFaultInEmittedCodeEndsTheMachineWithAReport(String kind) throws InterruptedException {
    var a = new Assembler();
    boolean load = kind.equals("load");
    long pc = access(a, load ? ld(A0, S0, 8) : sd(S0, A0, 8), load ? ld(A1, S0, 8) : sd(S0, A1, 8));
    try (var machine = machine(a)) {
      machine.machine().resume();
      Shutdown end = machine.machine().awaitShutdown(60, TimeUnit.SECONDS);
      assertThat(end).as("an end").isNotNull();
      assertThat(end.exitCode()).isNotZero();
      assertThat(machine.machine().failure())
          .isInstanceOf(CodeFaultException.class)
          .hasMessageContaining("signal 11 for address 0x1008")
          .hasMessageContaining("guest pc 0x%x".formatted(pc))
          .hasMessageContaining("unit at pc 0x")
          .hasMessageContaining(kind + " [u8le")
          .hasMessageContaining("Intermediate representation:\nb0:")
          .hasMessageContaining("Emitted code:\n");
      assertThat(machine.log())
          .anyMatch(line -> line.contains("stopped by a failure of the emulator in cpu0"));
    }
  }

  /** Counts for a while, and ends with what it has counted. */
  private static Assembler counting(int count) {
    var a = new Assembler();
    a.li(S0, DATA);
    a.li(T0, count);
    a.i(addi(A0, 0, 0));
    var again = a.here("again");
    a.i(ld(A1, S0, 0), addi(A0, A0, 1), sd(S0, A0, 0));
    a.to(again, d -> bne(A0, T0, d));
    BareMetal.exit(a, A0);
    return a;
  }

  @Test
  void otherMachinesGoOn() throws InterruptedException {
    int count = 20_000_000;
    List<Integer> ended = new ArrayList<>();
    try (var neighbour = machine(counting(count))) {
      var thread =
          new Thread(() -> {
            try {
              ended.add(neighbour.run());
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          });
      thread.start();
      for (int i = 0; i < 5; i++) {
        var a = new Assembler();
        var _ = access(a, ld(A0, S0, 0), ld(A1, S0, 0));
        try (var failing = machine(a)) {
          failing.machine().resume();
          assertThat(failing.machine().awaitShutdown(60, TimeUnit.SECONDS)).isNotNull();
          assertThat(failing.machine().failure()).isInstanceOf(CodeFaultException.class);
        }
      }
      thread.join();
    }
    assertThat(ended).containsExactly(count);
  }
}
