package dev.kasuari.tcg.x86_64;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.TestGuest;
import dev.kasuari.tcg.interp.Interpreter;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.RandomProgram;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
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
          Op.ADD,
          Op.SUB,
          Op.MUL,
          Op.AND,
          Op.OR,
          Op.XOR,
          Op.ANDC,
          Op.NOT,
          Op.NEG,
          Op.SHL,
          Op.SHR,
          Op.SAR,
          Op.SEXT,
          Op.ZEXT,
          Op.WIDEN_S,
          Op.WIDEN_U,
          Op.NARROW,
          Op.EXTRACT,
          Op.SETCOND,
          Op.SELECT,
          Op.LOAD,
          Op.STORE,
          Op.CALL);

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
          TestGuest.Result expected = guest.runFrom(seed + run, interp, unit, PC);
          TestGuest.Result actual = other.runFrom(seed + run, machine, unit, PC);
          if (!actual.equals(expected)) {
            String program = "seed %d, run %d of%n%s".formatted(seed, run, unit);
            assertThat(actual.outcome()).as(program).isEqualTo(expected.outcome());
            assertThat(actual.bus()).as(program).isEqualTo(expected.bus());
            assertThat(actual.state().array()).as(program).isEqualTo(expected.state().array());
            assertThat(actual.memory().array()).as(program).isEqualTo(expected.memory().array());
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
