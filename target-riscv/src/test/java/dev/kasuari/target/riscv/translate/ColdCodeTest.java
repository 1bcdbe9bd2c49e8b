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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Code that was run a few times only is not compiled. */
@Tag("fast")
class ColdCodeTest {
  private static final int COLD_RUNS = 3;
  private static final int ROUNDS = 100_000;
  private static final boolean SEVERAL = Runtime.getRuntime().availableProcessors() > 1;

  /** Counts what it is asked to make. */
  private static final class Counting implements BackEnd {
    private final X86BackEnd own = new X86BackEnd(FloatEnv.riscv(), 1 << 20, Set.of(), COLD_RUNS);
    private final CountDownLatch behind = new CountDownLatch(1);
    private int cold;
    private final AtomicInteger compiled = new AtomicInteger();
    private final AtomicInteger compiledBehind = new AtomicInteger();

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
      boolean vcpu = Thread.currentThread().getName().contains("cpu0");
      if (vcpu) {
        compiled.incrementAndGet();
        awaitOther();
      }
      CompiledCode code = own.compile(unit, pageOffset);
      if (!vcpu) {
        compiledBehind.incrementAndGet();
        behind.countDown();
      }
      return code;
    }

    /** So that it is certain to come to it before the guest ends. */
    private void awaitOther() {
      try {
        if (coldRuns() > 0 && cold > 0 && SEVERAL && !behind.await(60, TimeUnit.SECONDS)) {
          throw new AssertionError("nothing was compiled in the background");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
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
    // By the vCPU as well, if it was there first.
    assertThat(backEnd.compiled.get()).isBetween(SEVERAL ? 0 : 1, 1);
    assertThat(backEnd.compiledBehind.get()).isEqualTo(SEVERAL ? 1 : 0);
    // Before it, behind it, and then whatever the machine still comes to until it stops.
    assertThat(backEnd.cold).isGreaterThanOrEqualTo(COLD_RUNS + 2);
  }

  @Test
  void whoLooksAtUnitsSeesEachCompiled() throws InterruptedException {
    Counting backEnd = run(LogCategory.IN_ASM);
    assertThat(backEnd.cold).isZero();
    assertThat(backEnd.compiled.get()).isGreaterThanOrEqualTo(3);
    assertThat(backEnd.compiledBehind.get()).isZero();
  }
}
