package dev.kasuari.tcg.x86_64;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.host.ExecutableMemory;
import dev.kasuari.host.NativeFunction;
import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.cpu.StateLayout;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.softfloat.Format;
import dev.kasuari.softfloat.Rounding;
import dev.kasuari.softfloat.SoftFloat;
import dev.kasuari.tcg.TestCpu;
import dev.kasuari.tcg.TestGuest;
import dev.kasuari.tcg.ir.Emitter;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The guest's rounding and flags are the guest's, and Java's are Java's. */
@Tag("fast")
class MxcsrTest {
  private static final FpDesc F64 = FpDesc.of(FpDesc.Format.F64);
  private static final long PC = TestGuest.RAM;

  private X86BackEnd backEnd;
  private TestGuest guest;
  private ExecutableMemory memory;
  private NativeFunction readMxcsr;

  @BeforeEach
  void open() {
    assumeTrue(X86BackEnd.available(), "the back end needs Linux on x86-64");
    backEnd = new X86BackEnd(FloatEnv.riscv());
    guest = new TestGuest();
    memory = ExecutableMemory.allocate(4096);
    var a = new Assembler();
    a.stmxcsr(Mem.at(Gpr.RDI, 0));
    a.ret();
    readMxcsr = NativeFunction.at(memory.publish(0, a.code(), a.length()));
  }

  @AfterEach
  void close() {
    if (backEnd != null) {
      backEnd.close();
      guest.close();
      memory.close();
    }
  }

  private int mxcsr() {
    long scratch = guest.ram.hostAddress();
    readMxcsr.call(scratch, 0);
    return RawMemory.getInt(scratch);
  }

  private static IrUnit unit(Op op) {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    e.set(TestCpu.X, 3, e.fp(op, F64, e.get(TestCpu.X, 1), e.get(TestCpu.X, 2)));
    e.exit(ExitReason.LOOKUP, e.pc(4));
    return e.finish();
  }

  private void operands(double a, double b) {
    guest.x(1, Double.doubleToRawLongBits(a));
    guest.x(2, Double.doubleToRawLongBits(b));
  }

  private void rounding(Rounding mode) {
    guest.cpu.state().set(StateLayout.FP_ROUNDING, mode.ordinal());
  }

  /** Sums whose last bit depends on the rounding mode. */
  private static double[] javaArithmetic(double third) {
    return new double[] {
      third + 0.1, third * 0.1, 1 / third, -third - 0.1, (float) third, third * 1e-310
    };
  }

  @Test
  void javaRoundsToNearestAfterAGuestThatRoundsDown() {
    double third = Double.parseDouble("0.3333333333333333");
    double[] before = javaArithmetic(third);
    rounding(Rounding.DOWN);
    operands(1.0, 1e-300);
    var block = TestGuest.block(backEnd, unit(Op.FADD));
    for (int i = 0; i < 1000; i++) {
      guest.run(backEnd, block, PC);
      assertThat(javaArithmetic(third)).containsExactly(before);
    }
    assertThat(guest.x(3)).isEqualTo(Double.doubleToRawLongBits(1.0));
    rounding(Rounding.UP);
    guest.run(backEnd, block, PC);
    assertThat(guest.x(3)).isEqualTo(Double.doubleToRawLongBits(Math.nextUp(1.0)));
    assertThat(javaArithmetic(third)).containsExactly(before);
  }

  /** Loads MXCSR, runs code, looks at MXCSR, puts a third value there: with no Java in between. */
  private NativeFunction runUnder(ExecutableMemory where, Stubs stubs, long offset) {
    var a = new Assembler();
    a.push(Gpr.RBX);
    a.mov(Width.BITS_64, Gpr.RBX, Gpr.RDI);
    a.ldmxcsr(Mem.at(Gpr.RBX, 0));
    a.load(8, Gpr.RDI, Mem.at(Gpr.RBX, 16));
    a.load(8, Gpr.RSI, Mem.at(Gpr.RBX, 24));
    a.call(stubs.enter());
    a.stmxcsr(Mem.at(Gpr.RBX, 4));
    a.ldmxcsr(Mem.at(Gpr.RBX, 8));
    a.pop(Gpr.RBX);
    a.ret();
    a.relocate(where.address() + offset);
    return NativeFunction.at(where.publish(offset, a.code(), a.length()));
  }

  @Test
  void mxcsrComesBackBitForBit() {
    try (var code = ExecutableMemory.allocate(65536)) {
      Stubs stubs = Stubs.emit(code, FloatEnv.riscv());
      IrUnit unit = unit(Op.FMUL);
      var options = new CodeOptions(FloatEnv.riscv(), CpuFeatures.probe(), false);
      var generator = new CodeGenerator(stubs, options);
      generator.emit(unit, 0);
      Assembler emitted = generator.a;
      emitted.relocate(code.address() + 8192);
      long entry = code.publish(8192, emitted.code(), emitted.length());
      NativeFunction run = runUnder(code, stubs, 16384);
      long state = guest.context().state();
      long scratch = guest.ram.hostAddress();
      int before = mxcsr();
      operands(1e308, 1e308);
      for (int flags = 0; flags < 64; flags++) {
        for (int rounding = 0; rounding < 4; rounding++) {
          int mine = 0x1f80 | flags | rounding << 13;
          RawMemory.putInt(scratch, mine);
          RawMemory.putInt(scratch + 8, before);
          RawMemory.putLong(scratch + 16, state);
          RawMemory.putLong(scratch + 24, entry);
          RawMemory.putInt(state + ExitRecord.GUEST_MXCSR, 0x1f80 | (3 - rounding) << 13);
          guest.cpu.state().set(StateLayout.FP_FLAGS, 0);
          run.call(scratch, 0);
          assertThat(RawMemory.getInt(scratch + 4)).isEqualTo(mine);
          assertThat(guest.fpFlags()).isEqualTo(FloatEnv.OVERFLOW | FloatEnv.INEXACT);
        }
      }
    }
  }

  /** Notes what it ran under. */
  private record Probe(MxcsrTest test, List<Integer> seen) implements Helper {
    @Override
    public String name() {
      return "probe";
    }

    @Override
    public long call(Context context, long a, long b, long c) {
      seen.add(test.mxcsr() & ~Stubs.MXCSR_FLAGS);
      seen.add((int) test.guest.fpFlags());
      return 0;
    }
  }

  @Test
  void helpersRunUnderJavasMxcsrAndSeeTheGuestsFlags() {
    int before = mxcsr() & ~Stubs.MXCSR_FLAGS;
    List<Integer> seen = new ArrayList<>();
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    Value one = e.fp(Op.FADD, F64, e.get(TestCpu.X, 1), e.get(TestCpu.X, 2));
    var _ = e.call(new Probe(this, seen));
    e.set(TestCpu.X, 3, e.fp(Op.FADD, F64, one, e.get(TestCpu.X, 2)));
    e.exit(ExitReason.LOOKUP, e.pc(4));
    rounding(Rounding.UP);
    operands(1, 1e-300);
    guest.run(backEnd, e.finish(), PC);
    assertThat(seen).containsExactly(before, FloatEnv.INEXACT);
    assertThat(guest.x(3)).isEqualTo(Double.doubleToRawLongBits(Math.nextUp(Math.nextUp(1.0))));
    assertThat(mxcsr() & ~Stubs.MXCSR_FLAGS).isEqualTo(before);
  }

  @Test
  void aModeSetInsideAUnitHoldsFromThere() {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    for (Rounding mode : Rounding.values()) {
      e.setFpRounding(e.constant32(mode.ordinal()));
      Value sum = e.fp(Op.FADD, F64, e.get(TestCpu.X, 1), e.get(TestCpu.X, 2));
      e.set(TestCpu.X, 10 + mode.ordinal(), sum);
    }
    e.exit(ExitReason.LOOKUP, e.pc(4));
    operands(1, 0x1p-53);
    guest.run(backEnd, e.finish(), PC);
    long one = Double.doubleToRawLongBits(1.0);
    long above = Double.doubleToRawLongBits(Math.nextUp(1.0));
    assertThat(guest.x(10)).as("ties to even").isEqualTo(one);
    assertThat(guest.x(11)).as("toward zero").isEqualTo(one);
    assertThat(guest.x(12)).as("down").isEqualTo(one);
    assertThat(guest.x(13)).as("up").isEqualTo(above);
    assertThat(guest.x(14)).as("ties away, which the host lacks").isEqualTo(above);
    assertThat(guest.x(15)).as("odd, which the host lacks").isEqualTo(above);
  }

  /** Numbers around every edge of the format, NaNs of both kinds. */
  private static long number(SplittableRandom random) {
    long sign = random.nextBoolean() ? 1L << 63 : 0;
    return switch (random.nextInt(8)) {
      case 0 -> sign;
      case 1 -> sign | 0x7ff0_0000_0000_0000L;
      case 2 -> sign | 0x7ff8_0000_0000_0000L | random.nextInt();
      case 3 -> sign | 0x7ff0_0000_0000_0001L;
      case 4 -> sign | random.nextLong(1L << 52);
      case 5 -> sign | (1023L + random.nextInt(-3, 4)) << 52 | random.nextLong(1L << 52);
      case 6 -> sign | (random.nextBoolean() ? 1L : 2046L) << 52 | random.nextLong(1L << 52);
      default -> random.nextLong();
    };
  }

  private static FloatEnv[] environments() {
    return new FloatEnv[] {FloatEnv.riscv(), FloatEnv.x86Sse(), FloatEnv.arm()};
  }

  @Test
  void resultsAndFlagsAreSoftfloats() {
    long seed = 1985;
    var random = new SplittableRandom(seed);
    for (FloatEnv environment : environments()) {
      try (var machine = new X86BackEnd(environment);
          var other = new TestGuest(environment)) {
        for (Op op : new Op[] {Op.FADD, Op.FMUL}) {
          var block = TestGuest.block(machine, unit(op));
          for (int i = 0; i < 4_000; i++) {
            long a = number(random);
            long b = number(random);
            int before = random.nextInt(32);
            Rounding mode = Rounding.of(random.nextInt(6));
            other.x(1, a);
            other.x(2, b);
            other.cpu.state().set(StateLayout.FP_ROUNDING, mode.ordinal());
            other.cpu.state().set(StateLayout.FP_FLAGS, before);
            other.run(machine, block, PC);
            environment.rounding(mode).setFlags(before);
            long expected =
                op == Op.FADD
                    ? SoftFloat.add(environment, Format.BINARY64, a, b)
                    : SoftFloat.mul(environment, Format.BINARY64, a, b);
            assertThat(new long[] {other.x(3), other.fpFlags()})
                .as("seed %d: %x %s %x %s in %s", seed, a, op, b, mode, environment)
                .containsExactly(expected, environment.flags());
          }
        }
      }
    }
  }
}
