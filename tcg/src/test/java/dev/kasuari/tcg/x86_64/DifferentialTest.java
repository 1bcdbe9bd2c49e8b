package dev.kasuari.tcg.x86_64;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.RandomPrograms;
import dev.kasuari.tcg.RowByRow;
import dev.kasuari.tcg.interp.Interpreter;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.RandomProgram;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Random programs do in machine code what their rows say, and what the interpreter does. */
@Tag("fast")
class DifferentialTest {
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

  /** The number of programs that were machine code in full, and how many there were. */
  private static int[] compare(long seed, int count, Set<Op> operations) {
    var programs = new RandomPrograms(seed, count, operations);
    int[] emitted = new int[1];
    try (var rows = new RowByRow();
        var interp = new Interpreter();
        var machine = new X86BackEnd(FloatEnv.riscv())) {
      programs.compare(
          List.of(rows, interp, machine), unit -> emitted[0] += machine.supports(unit) ? 1 : 0);
    }
    return new int[] {emitted[0], programs.count()};
  }

  private static void compareEmitted(long seed, int count, Set<Op> operations) {
    int[] emitted = compare(seed, count, operations);
    assertThat(emitted[0]).as("programs in machine code").isEqualTo(emitted[1]);
  }

  @Test
  void integerProgramsDoTheSame() {
    compareEmitted(1_000_000, 2_000, EMITTED);
  }

  @Test
  void floatingPointProgramsDoTheSame() {
    compareEmitted(2_000_000, 1_000, WITH_FLOATS);
  }

  @Test
  void whatThereIsNoCodeForIsInterpreted() {
    Set<Op> all = EnumSet.copyOf(RandomProgram.ALL);
    all.removeIf(op -> op.is(Op.Trait.TERMINATOR));
    int[] emitted = compare(3_000_000, 300, all);
    assertThat(emitted[0]).as("programs in machine code").isLessThanOrEqualTo(emitted[1]);
    if (emitted[1] >= 300) {
      assertThat(emitted[0]).isPositive().isLessThan(emitted[1]);
    }
  }
}
