package dev.kasuari.tcg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.RandomProgram;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Random programs of the IR, without a guest, on several back ends that must do the same with them.
 * {@code -Dkasuari.random.seed=N} and {@code -Dkasuari.random.programs=N} choose others and more of
 * them; a failure names the seed of its program.
 */
public final class RandomPrograms {
  private static final long PC = 0x8000_0000L;

  private final long seed;
  private final int count;
  private final Set<Op> operations;
  private final boolean underPressure;

  /**
   * @param seed of the first program unless the property says otherwise; the next has the next
   * @param count how many, unless the property says otherwise
   * @param operations what they may consist of
   */
  public RandomPrograms(long seed, int count, Set<Op> operations) {
    this(seed, count, operations, false);
  }

  private RandomPrograms(long seed, int count, Set<Op> operations, boolean underPressure) {
    this.seed = Long.getLong("kasuari.random.seed", seed);
    this.count = Integer.getInteger("kasuari.random.programs", count);
    this.operations = operations;
    this.underPressure = underPressure;
  }

  /** The same with more values alive at once than a host has registers. */
  public static RandomPrograms underPressure(long seed, int count, Set<Op> operations) {
    return new RandomPrograms(seed, count, operations, true);
  }

  /** How many there are. */
  public int count() {
    return count;
  }

  /**
   * Runs each twice on every back end, from different states, and compares with the first.
   *
   * @param each is given every program
   */
  @SuppressWarnings("SystemOut") // A seed that nobody sees cannot be repeated.
  public void compare(List<? extends BackEnd> backEnds, Consumer<IrUnit> each) {
    System.out.printf("%d random programs from seed %d: %s%n", count, seed, names(backEnds));
    var seen = EnumSet.noneOf(Op.class);
    try (var guest = new TestGuest();
        var other = new TestGuest()) {
      for (long program = seed; program < seed + count; program++) {
        IrUnit unit = unit(program);
        each.accept(unit);
        for (int i = 0; i < unit.size(); i++) {
          seen.add(unit.op(i));
        }
        for (long run = 0; run < 2; run++) {
          String what = "seed %d, run %d of%n%s".formatted(program, run, unit);
          var expected = guest.runFrom(program + run, backEnds.getFirst(), unit, PC);
          for (BackEnd backEnd : backEnds.subList(1, backEnds.size())) {
            var actual = other.runFrom(program + run, backEnd, unit, PC);
            same(backEnd.name() + ", " + what, actual, expected);
          }
        }
      }
    }
    if (count >= 300) {
      assertThat(seen).as("operations met").containsAll(operations);
    }
  }

  private IrUnit unit(long program) {
    return underPressure
        ? RandomProgram.underPressure(program, operations)
        : RandomProgram.unit(program, operations);
  }

  private static List<String> names(List<? extends BackEnd> backEnds) {
    return backEnds.stream().map(BackEnd::name).toList();
  }

  private static void same(String what, TestGuest.Result actual, TestGuest.Result expected) {
    if (!actual.equals(expected)) {
      assertThat(actual.outcome()).as(what).isEqualTo(expected.outcome());
      assertThat(actual.bus()).as(what).isEqualTo(expected.bus());
      assertThat(actual.state().array()).as(what).isEqualTo(expected.state().array());
      assertThat(actual.memory().array()).as(what).isEqualTo(expected.memory().array());
    }
  }
}
