package dev.kasuari.tcg.ir;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.tcg.TestCpu;
import dev.kasuari.tcg.interp.Evaluator;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
class OptimizerTest {
  /** A unit that makes x2 of x1, optimised. */
  private static String optimized(BiFunction<Emitter, Value, Value> computation) {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, true);
    Value x = e.get(TestCpu.X, 1);
    e.set(TestCpu.X, 2, computation.apply(e, x));
    e.gotoUnit(4, 0);
    return Optimizer.optimize(e.finish(), Evaluator::evaluate).toString();
  }

  @Test
  void twoShiftsOfAWordAreARotation() {
    assertThat(
            optimized((e, x) -> {
              Value left = e.widenSigned(e.shl(e.narrow(x), 25));
              return e.or(left, e.widenSigned(e.shr(e.narrow(x), 7)));
            }))
        .contains("rotl.s 25 ");
    assertThat(
            optimized((e, x) -> {
              Value right = e.widenSigned(e.shr(e.narrow(x), 31));
              return e.or(right, e.widenSigned(e.shl(e.narrow(x), 1)));
            }))
        .contains("rotl.s 1 ");
  }

  @Test
  void twoShiftsOfTheWholeAreARotation() {
    assertThat(optimized((e, x) -> e.or(e.shr(x, 23), e.shl(x, 41)))).contains("= rotl ");
  }

  @ParameterizedTest
  @CsvSource({"25, 8", "25, 6", "0, 32", "32, 0", "57, 7"})
  void otherShiftsAreNone(int left, int right) {
    assertThat(
            optimized((e, x) ->
                e.or(
                    e.widenSigned(e.shl(e.narrow(x), left)),
                    e.widenSigned(e.shr(e.narrow(x), right)))))
        .doesNotContain("rotl");
  }

  @Test
  void shiftsOfTwoValuesAreNone() {
    assertThat(
            optimized((e, x) -> {
              Value y = e.get(TestCpu.X, 3);
              return e.or(
                  e.widenSigned(e.shl(e.narrow(x), 25)), e.widenSigned(e.shr(e.narrow(y), 7)));
            }))
        .doesNotContain("rotl");
    assertThat(optimized((e, x) -> e.or(e.widenUnsigned(e.shl(e.narrow(x), 25)), x)))
        .doesNotContain("rotl");
    assertThat(
            optimized((e, x) ->
                e.or(
                    e.widenUnsigned(e.shl(e.narrow(x), 25)),
                    e.widenUnsigned(e.shr(e.narrow(x), 7)))))
        .doesNotContain("rotl");
  }
}
