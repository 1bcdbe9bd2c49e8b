package dev.kasuari.tcg.x86_64;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.softfloat.FlushToZero;
import dev.kasuari.tcg.TestCpu;
import dev.kasuari.tcg.ir.Emitter;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The code of every row of the contract computes what softfloat computes, flags included. */
@Tag("fast")
class FloatCodeTest {
  /** Batches of each row in each rounding mode. */
  private static final int BATCHES = Integer.getInteger("kasuari.test.float.batches", 1);

  private static final long SEED = 1985;

  @BeforeEach
  void hostIsX86() {
    assumeTrue(X86BackEnd.available(), "the back end needs Linux on x86-64");
  }

  private static Map<String, Supplier<FloatEnv>> environments() {
    Map<String, Supplier<FloatEnv>> all = new LinkedHashMap<>();
    all.put("riscv", FloatEnv::riscv);
    all.put("arm", FloatEnv::arm);
    all.put("arm default NaN", () -> FloatEnv.arm().defaultNanMode(true));
    all.put(
        "arm flushing", () -> FloatEnv.arm().flushInputs(true).flushOutputs(FlushToZero.UNDERFLOW));
    all.put("x86", FloatEnv::x86Sse);
    all.put("x86 untracked", () -> FloatEnv.x86Sse().trackSubnormals(false));
    all.put("x86 default NaN", () -> FloatEnv.x86Sse().defaultNanMode(true));
    return all;
  }

  @TestFactory
  Stream<DynamicTest> everyRowIsSoftfloats() {
    return environments().entrySet().stream()
        .map(e -> test(e.getKey(), e.getValue(), CpuFeatures.probe(), 0));
  }

  @TestFactory
  Stream<DynamicTest> andWithEachFeatureOff() {
    CpuFeatures host = CpuFeatures.probe();
    return Stream.of(CpuFeature.SSE4_1, CpuFeature.FMA, CpuFeature.F16C, CpuFeature.AVX)
        .flatMap(off ->
            Stream.of("riscv", "x86")
                .map(name ->
                    test(
                        name + " without " + off,
                        Objects.requireNonNull(environments().get(name)),
                        host.without(off),
                        1 + off.ordinal())));
  }

  @TestFactory
  Stream<DynamicTest> andInEveryRegister() {
    return Stream.of(1, 2, 3, 4, 5)
        .map(v -> test("registers " + v, FloatEnv::riscv, CpuFeatures.probe(), v));
  }

  private static DynamicTest test(
      String name, Supplier<FloatEnv> env, CpuFeatures features, int variant) {
    return DynamicTest.dynamicTest(
        name,
        () -> {
          System.out.println(name + " seed " + SEED);
          var random = new SplittableRandom(SEED);
          try (var harness = new FloatHarness(env.get(), features, variant)) {
            var contract = new FloatContract(env.get(), features);
            for (FloatRow row : FloatRow.all()) {
              for (int mode : row.modes()) {
                row(harness, contract, row.rounding(mode), random);
              }
            }
          }
        });
  }

  private static void row(
      FloatHarness harness, FloatContract contract, FloatRow row, SplittableRandom random) {
    int checks = contract.checks(row.op(), row.type(), row.argument(), row.desc().bits());
    boolean emitted = harness.prepare(row);
    assertThat(emitted).as(row.name()).isEqualTo(checks != FloatContract.SOFT);
    var operands = new FloatOperands(random);
    for (int batch = 0; emitted && batch < BATCHES; batch++) {
      for (int i = 0; i < FloatHarness.BATCH; i++) {
        long[] abc = operands.next(row);
        int flags = random.nextInt(3) == 0 ? random.nextInt(64) : 0;
        int before = random.nextInt(3) == 0 ? random.nextInt(32) : 0;
        harness.put(i, abc[0], abc[1], abc[2], flags, before, random.nextInt(row.dynamicModes()));
      }
      harness.run(FloatHarness.BATCH);
      for (int i = 0; i < FloatHarness.BATCH; i++) {
        assertThat(harness.difference(i)).isEmpty();
      }
    }
    if (emitted && checks == 0) {
      assertThat(harness.slow).as("%s goes to software", row).isZero();
    } else if (emitted) {
      assertThat(harness.slow).as("%s always goes to software", row).isLessThan(harness.count);
    }
  }

  // ---- flags and modes -------------------------------------------------------------------------

  private static IrUnit control(Op op) {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    switch (op) {
      case FPFLAGS_GET -> e.set(TestCpu.X, 4, e.widenUnsigned(e.fpFlags()));
      case FPFLAGS_SET -> e.setFpFlags(e.narrow(e.get(TestCpu.X, 1)));
      default -> e.setFpRounding(e.narrow(e.get(TestCpu.X, 1)));
    }
    e.exit(ExitReason.LOOKUP, e.pc(4));
    return e.finish();
  }

  private static void control(Op op, FloatEnv env, FloatControl check) {
    try (var harness = new FloatHarness(env, CpuFeatures.of(), 0)) {
      IrUnit unit = control(op);
      var function = harness.emit(unit, FloatRow.find(unit, op));
      for (int mxcsr = 0; mxcsr < 64; mxcsr++) {
        for (int before = 0; before < 32; before++) {
          for (int mode = 0; mode < 6; mode++) {
            long operand = 0x1234_0000_0000L | (op == Op.FPROUND_SET ? mode : before ^ 0x15);
            harness.put(0, operand, 0, 0, mxcsr, before, op == Op.FPROUND_SET ? 3 : mode);
            harness.run(function, 1);
            check.check(harness, mxcsr, before, mode);
          }
        }
      }
    }
  }

  @FunctionalInterface
  private interface FloatControl {
    void check(FloatHarness harness, int mxcsr, int before, int mode);
  }

  @Test
  void flagsAreThoseOfTheStateAndOfMxcsr() {
    for (FloatEnv env : new FloatEnv[] {FloatEnv.riscv(), FloatEnv.x86Sse()}) {
      control(
          Op.FPFLAGS_GET,
          env,
          (harness, mxcsr, before, mode) -> {
            assertThat((int) harness.result(0)).isEqualTo(before | Stubs.flags(mxcsr, env));
            assertThat(harness.mxcsr(0) & Stubs.MXCSR_FLAGS).isEqualTo(mxcsr);
            assertThat(harness.stateFlags(0)).isEqualTo(before);
          });
    }
  }

  @Test
  void flagsAreReplaced() {
    control(
        Op.FPFLAGS_SET,
        FloatEnv.riscv(),
        (harness, mxcsr, before, mode) -> {
          assertThat(harness.stateFlags(0)).isEqualTo(before ^ 0x15);
          int rounding = mode <= 3 ? FloatOperation.hostRounding(mode) << 13 : 0;
          assertThat(harness.mxcsr(0)).isEqualTo(0x1f80 | rounding);
        });
  }

  @Test
  void roundingIsReplaced() {
    int[] host = {0, 3, 1, 2, 0, 0};
    control(
        Op.FPROUND_SET,
        FloatEnv.riscv(),
        (harness, mxcsr, before, mode) -> {
          assertThat(harness.stateRounding(0)).isEqualTo(mode);
          assertThat(harness.mxcsr(0)).isEqualTo(0x1f80 | mxcsr | host[mode] << 13);
        });
  }
}
