package dev.kasuari.tcg.x86_64;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.TestGuest;
import dev.kasuari.tcg.interp.Interpreter;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.RandomProgram;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Random programs do the same in machine code as in the interpreter. */
@Tag("fast")
class DifferentialTest {
  private static final long PC = 0x8000_0000L;

  /** What there is code for. */
  private static final Set<Op> EMITTED =
      EnumSet.of(
          Op.ADD, Op.SUB, Op.MUL, Op.AND, Op.OR, Op.XOR, Op.ANDC, Op.NOT, Op.NEG, Op.SHL, Op.SHR,
          Op.SAR, Op.SEXT, Op.ZEXT, Op.WIDEN_S, Op.WIDEN_U, Op.NARROW, Op.EXTRACT, Op.SETCOND,
          Op.SELECT, Op.LOAD, Op.STORE, Op.CALL);

  /** The same with floating point, most of which leaves for softfloat. */
  private static final Set<Op> WITH_FLOATS = EnumSet.copyOf(EMITTED);

  static {
    for (Op op : Op.values()) {
      if (op.is(Op.Trait.FP)) {
        WITH_FLOATS.add(op);
      }
    }
  }

  @BeforeEach
  void hostCanRunIt() {
    assumeTrue(X86BackEnd.available(), "the back end needs Linux on x86-64");
  }

  /** Everything that a guest can see afterwards. */
  private record Result(
      TestGuest.Outcome outcome, byte[] state, byte[] memory, java.util.List<String> bus) {
    static Result of(TestGuest guest, BackEnd backEnd, IrUnit unit, long seed) {
      guest.randomize(seed);
      if (new SplittableRandom(seed).nextInt(30) == 0) {
        guest.context().requestExit();
      }
      var outcome = guest.run(backEnd, unit, PC);
      return new Result(outcome, guest.state(), guest.memory(), java.util.List.copyOf(guest.bus));
    }

    boolean same(Result other) {
      return outcome.equals(other.outcome)
          && Arrays.equals(state, other.state)
          && Arrays.equals(memory, other.memory)
          && bus.equals(other.bus);
    }
  }

  private static void compare(long firstSeed, int count, Set<Op> operations, boolean allEmitted) {
    Map<Op, Integer> seen = new EnumMap<>(Op.class);
    int emitted = 0;
    try (var interp = new Interpreter();
        var machine = new X86BackEnd(FloatEnv.riscv());
        var guest = new TestGuest();
        var other = new TestGuest()) {
      for (long seed = firstSeed; seed < firstSeed + count; seed++) {
        IrUnit unit = RandomProgram.unit(seed, operations);
        emitted += machine.supports(unit) ? 1 : 0;
        for (int i = 0; i < unit.size(); i++) {
          seen.merge(unit.op(i), 1, Integer::sum);
        }
        for (long run = 0; run < 2; run++) {
          Result expected = Result.of(guest, interp, unit, seed + run);
          Result actual = Result.of(other, machine, unit, seed + run);
          if (!actual.same(expected)) {
            assertThat(actual.outcome)
                .as("seed %d, run %d of%n%s", seed, run, unit)
                .isEqualTo(expected.outcome);
            assertThat(actual.bus).as("seed %d of%n%s", seed, unit).isEqualTo(expected.bus);
            assertThat(actual.state).as("seed %d of%n%s", seed, unit).isEqualTo(expected.state);
            assertThat(actual.memory).as("seed %d of%n%s", seed, unit).isEqualTo(expected.memory);
          }
        }
      }
    }
    assertThat(seen.keySet()).as("operations met").containsAll(operations);
    if (allEmitted) {
      assertThat(emitted).as("programs in machine code").isEqualTo(count);
    } else {
      assertThat(emitted).as("programs in machine code").isPositive().isLessThan(count);
    }
  }

  @Test
  void integerProgramsDoTheSame() {
    compare(1_000_000, 2_000, EMITTED, true);
  }

  @Test
  void floatingPointProgramsDoTheSame() {
    compare(2_000_000, 1_000, WITH_FLOATS, true);
  }

  @Test
  void whatThereIsNoCodeForIsInterpreted() {
    Set<Op> all = EnumSet.copyOf(RandomProgram.ALL);
    all.removeIf(op -> op.is(Op.Trait.TERMINATOR));
    compare(3_000_000, 300, all, false);
  }
}
