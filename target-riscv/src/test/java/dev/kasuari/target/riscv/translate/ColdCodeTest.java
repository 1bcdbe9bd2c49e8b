package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.S0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.machine.LogCategory;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.Exit;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Code that was run a few times only is not compiled. */
@Tag("fast")
class ColdCodeTest {
  private static final int COLD_RUNS = 3;
  private static final int ROUNDS = 100;

  /** Counts what it is asked to make. */
  private static final class Counting implements BackEnd {
    private final X86BackEnd own = new X86BackEnd(FloatEnv.riscv(), 1 << 20, Set.of(), COLD_RUNS);
    private int cold;
    private int compiled;

    @Override
    public String name() {
      return own.name();
    }

    @Override
    public int coldRuns() {
      return own.coldRuns();
    }

    @Override
    public CompiledCode cold(IrUnit unit) {
      cold++;
      return own.cold(unit);
    }

    @Override
    public @Nullable CompiledCode compile(IrUnit unit, int pageOffset) {
      compiled++;
      return own.compile(unit, pageOffset);
    }

    @Override
    public Exit run(ExecutionContext context, TranslationBlock block, long pc) {
      return own.run(context, block, pc);
    }

    @Override
    public void close() {
      own.close();
    }
  }

  @BeforeEach
  void hostCanRunIt() {
    assumeTrue(X86BackEnd.available(), "the back end needs Linux on x86-64");
  }

  /** Three units: what is before the loop, its body, and what is behind it. */
  private static Assembler loop() {
    var a = new Assembler();
    a.li(A0, 0);
    a.li(S0, ROUNDS);
    var again = a.label("again");
    a.j(again);
    a.bind(again);
    a.i(RiscvEncoder.addi(A0, A0, 3), RiscvEncoder.addi(S0, S0, -1));
    a.bnez(S0, again);
    BareMetal.exit(a, 0);
    return a;
  }

  private static Counting run(LogCategory... categories) throws InterruptedException {
    var backEnd = new Counting();
    try (var machine = new BareMetal(RiscvModel.rv64(), 1, loop(), backEnd, categories)) {
      machine.run();
      assertThat(machine.hart(0).x(A0)).isEqualTo(3 * ROUNDS);
    }
    return backEnd;
  }

  @Test
  void onlyTheLoopIsCompiled() throws InterruptedException {
    Counting backEnd = run();
    assertThat(backEnd.compiled).isEqualTo(1);
    // Before it, behind it, and then whatever the machine still comes to until it stops.
    assertThat(backEnd.cold).isGreaterThanOrEqualTo(COLD_RUNS + 2);
  }

  @Test
  void whoLooksAtUnitsSeesEachCompiled() throws InterruptedException {
    Counting backEnd = run(LogCategory.IN_ASM);
    assertThat(backEnd.cold).isZero();
    assertThat(backEnd.compiled).isGreaterThanOrEqualTo(3);
  }
}
