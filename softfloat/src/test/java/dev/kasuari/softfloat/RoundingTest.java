package dev.kasuari.softfloat;

import static dev.kasuari.softfloat.FloatEnv.DIVBYZERO;
import static dev.kasuari.softfloat.FloatEnv.INEXACT;
import static dev.kasuari.softfloat.FloatEnv.INPUT_FLUSHED;
import static dev.kasuari.softfloat.FloatEnv.INVALID;
import static dev.kasuari.softfloat.FloatEnv.OUTPUT_FLUSHED;
import static dev.kasuari.softfloat.FloatEnv.OVERFLOW;
import static dev.kasuari.softfloat.FloatEnv.SUBNORMAL_USED;
import static dev.kasuari.softfloat.FloatEnv.UNDERFLOW;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Overflow, underflow, ties, zeros and flushing, picked by hand. */
@Tag("fast")
class RoundingTest {
  private static final int ONE = 0x3f80_0000;
  private static final int MAX = 0x7f7f_ffff;
  private static final int INFINITY = 0x7f80_0000;
  private static final int MIN_NORMAL = 0x0080_0000;
  private static final int SIGN = 0x8000_0000;

  /** 2^−24: half a unit in the last place of 1. */
  private static final int HALF_ULP = 0x3380_0000;

  private static FloatEnv env(Rounding rounding) {
    return FloatEnv.riscv().rounding(rounding);
  }

  @ParameterizedTest
  @CsvSource({
    "NEAREST_EVEN, 7f800000, ff800000",
    "NEAREST_MAX_MAGNITUDE, 7f800000, ff800000",
    "TOWARD_ZERO, 7f7fffff, ff7fffff",
    "ODD, 7f7fffff, ff7fffff",
    "DOWN, 7f7fffff, ff800000",
    "UP, 7f800000, ff7fffff",
  })
  void overflow(Rounding rounding, String positive, String negative) {
    FloatEnv env = env(rounding);
    assertThat(F32.add(env, MAX, MAX)).isEqualTo(Integer.parseUnsignedInt(positive, 16));
    assertThat(F32.mul(env, MAX, MAX | SIGN)).isEqualTo(Integer.parseUnsignedInt(negative, 16));
    assertThat(F32.scalb(env, ONE, Integer.MAX_VALUE))
        .isEqualTo(Integer.parseUnsignedInt(positive, 16));
    assertThat(env.flags()).isEqualTo(OVERFLOW | INEXACT);
  }

  @ParameterizedTest
  @CsvSource({
    "NEAREST_EVEN, 3f800000, 3f800002",
    "NEAREST_MAX_MAGNITUDE, 3f800001, 3f800002",
    "TOWARD_ZERO, 3f800000, 3f800001",
    "ODD, 3f800001, 3f800001",
    "DOWN, 3f800000, 3f800001",
    "UP, 3f800001, 3f800002",
  })
  void ties(Rounding rounding, String even, String odd) {
    FloatEnv env = env(rounding);
    assertThat(F32.add(env, ONE, HALF_ULP)).isEqualTo(Integer.parseUnsignedInt(even, 16));
    assertThat(F32.add(env, ONE + 1, HALF_ULP)).isEqualTo(Integer.parseUnsignedInt(odd, 16));
    assertThat(env.flags()).isEqualTo(INEXACT);
  }

  @Test
  void sumOfOppositesIsNegativeZeroOnlyWhenRoundingDown() {
    for (Rounding rounding : Rounding.values()) {
      int expected = rounding == Rounding.DOWN ? SIGN : 0;
      FloatEnv env = env(rounding);
      assertThat(F32.sub(env, ONE, ONE)).as("%s", rounding).isEqualTo(expected);
      assertThat(F32.add(env, 0, SIGN)).isEqualTo(expected);
      assertThat(F32.fma(env, ONE, ONE, ONE | SIGN)).isEqualTo(expected);
      assertThat(F32.fma(env, 0, ONE, SIGN)).isEqualTo(expected);
      assertThat(F32.add(env, SIGN, SIGN)).isEqualTo(SIGN);
      assertThat(F32.mul(env, SIGN, ONE)).isEqualTo(SIGN);
      assertThat(F32.sqrt(env, SIGN)).isEqualTo(SIGN);
      assertThat(F32.remainder(env, ONE | SIGN, ONE)).isEqualTo(SIGN);
      assertThat(env.flags()).isZero();
    }
  }

  @Test
  void tininessDependsOnWhenItIsLookedFor() {
    // (1 - 2^-24) × the smallest normal number rounds up to it.
    int almostOne = ONE - 1;
    FloatEnv after = FloatEnv.riscv();
    FloatEnv before = FloatEnv.riscv().tininessBeforeRounding(true);
    // Exact product (2^24 - 1) × 2^-150 is a tie at the subnormal spacing; the 24-bit precision
    // holds it, so it is tiny for both.
    assertThat(F32.mul(after, MIN_NORMAL, almostOne)).isEqualTo(MIN_NORMAL);
    assertThat(after.flags()).isEqualTo(UNDERFLOW | INEXACT);
    // A product just below that rounds up at 24 bits as well: tiny only before rounding.
    int oneAndAnUlp = ONE + 1;
    after.clearFlags();
    assertThat(F32.fma(after, MIN_NORMAL - 1, oneAndAnUlp, 0)).isEqualTo(MIN_NORMAL);
    assertThat(after.flags()).isEqualTo(INEXACT);
    assertThat(F32.fma(before, MIN_NORMAL - 1, oneAndAnUlp, 0)).isEqualTo(MIN_NORMAL);
    assertThat(before.flags()).isEqualTo(UNDERFLOW | INEXACT);
  }

  @Test
  void anExactSubnormalIsNoUnderflow() {
    FloatEnv env = FloatEnv.riscv();
    assertThat(F32.mul(env, MIN_NORMAL, 0x3f00_0000)).isEqualTo(0x0040_0000);
    assertThat(F32.sub(env, MIN_NORMAL + 1, MIN_NORMAL)).isEqualTo(1);
    assertThat(F32.div(env, 2, 0x4000_0000)).isEqualTo(1);
    assertThat(F32.scalb(env, ONE, -149)).isEqualTo(1);
    assertThat(env.flags()).isZero();
    assertThat(F32.scalb(env, ONE, -150)).isZero();
    assertThat(env.flags()).isEqualTo(UNDERFLOW | INEXACT);
    assertThat(F32.scalb(env.rounding(Rounding.UP), ONE, Integer.MIN_VALUE)).isEqualTo(1);
    assertThat(F32.scalb(env.rounding(Rounding.ODD), ONE, -9999)).isEqualTo(1);
  }

  @Test
  void divisions() {
    FloatEnv env = FloatEnv.riscv();
    assertThat(F32.div(env, ONE | SIGN, 0)).isEqualTo(INFINITY | SIGN);
    assertThat(env.flags()).isEqualTo(DIVBYZERO);
    env.clearFlags();
    assertThat(F32.div(env, INFINITY, SIGN)).isEqualTo(INFINITY | SIGN);
    assertThat(F32.div(env, ONE, INFINITY)).isZero();
    assertThat(env.flags()).isZero();
    assertThat(F32.div(env, 0, 0)).isEqualTo(0x7fc0_0000);
    assertThat(env.flags()).isEqualTo(INVALID);
    env.clearFlags();
    assertThat(F32.div(env, INFINITY, INFINITY)).isEqualTo(0x7fc0_0000);
    assertThat(F32.remainder(env, ONE, 0)).isEqualTo(0x7fc0_0000);
    assertThat(env.flags()).isEqualTo(INVALID);
    assertThat(F32.remainder(env, ONE, INFINITY)).isEqualTo(ONE);
  }

  @Test
  void aSubnormalOperandIsFlushedOrReported() {
    FloatEnv arm = FloatEnv.arm().flushInputs(true);
    assertThat(F32.add(arm, 1 | SIGN, SIGN)).isEqualTo(SIGN);
    assertThat(arm.flags()).isEqualTo(INPUT_FLUSHED);
    arm.clearFlags();
    assertThat(F32.eqQuiet(arm, 1, SIGN)).isTrue();
    assertThat(F32.toInt32(arm.rounding(Rounding.UP), 1)).isZero();
    assertThat(arm.flags()).isEqualTo(INPUT_FLUSHED);
    arm.clearFlags();
    assertThat(F32.div(arm, ONE, 1)).isEqualTo(INFINITY);
    assertThat(arm.flags()).isEqualTo(INPUT_FLUSHED | DIVBYZERO);
    arm.clearFlags();
    assertThat(F32.add(arm, 1, 0x7fc0_0001)).isEqualTo(0x7fc0_0001);
    assertThat(arm.flags()).isEqualTo(INPUT_FLUSHED);

    FloatEnv x86 = FloatEnv.x86Sse();
    assertThat(F32.add(x86, 1, 1)).isEqualTo(2);
    assertThat(x86.flags()).isEqualTo(SUBNORMAL_USED);
    x86.clearFlags();
    assertThat(F32.add(x86, 1, 0x7fc0_0001)).isEqualTo(0x7fc0_0001);
    assertThat(x86.flags()).isZero();
  }

  @Test
  void aTinyResultIsFlushed() {
    FloatEnv arm = FloatEnv.arm().flushOutputs(FlushToZero.UNDERFLOW);
    assertThat(F32.mul(arm, MIN_NORMAL | SIGN, 0x3f00_0000)).isEqualTo(SIGN);
    assertThat(arm.flags()).isEqualTo(OUTPUT_FLUSHED | UNDERFLOW);
    FloatEnv x86 = FloatEnv.x86Sse().flushOutputs(FlushToZero.UNDERFLOW_AND_INEXACT);
    assertThat(F32.sub(x86, MIN_NORMAL + 1, MIN_NORMAL)).isZero();
    assertThat(x86.flags()).isEqualTo(OUTPUT_FLUSHED | UNDERFLOW | INEXACT);
    // Rounded up to a normal number: tiny before rounding only.
    int oneAndAnUlp = ONE + 1;
    assertThat(F32.mul(arm, MIN_NORMAL - 1, oneAndAnUlp)).isZero();
    assertThat(F32.mul(x86, MIN_NORMAL - 1, oneAndAnUlp)).isEqualTo(MIN_NORMAL);
  }

  @Test
  void oddRoundingThenNarrowingRoundsOnce() {
    // 1 + 2^-24 + 2^-60 is above the tie of binary32, which binary64 rounded to nearest loses.
    long tie = Double.doubleToRawLongBits(1 + 0x1p-24);
    long little = Double.doubleToRawLongBits(0x1p-60);
    FloatEnv nearest = FloatEnv.riscv();
    FloatEnv odd = FloatEnv.riscv().rounding(Rounding.ODD);
    assertThat(F64.toF32(nearest, F64.add(nearest, tie, little))).isEqualTo(ONE);
    assertThat(F64.toF32(nearest, F64.add(odd, tie, little))).isEqualTo(ONE + 1);
  }

  @Test
  void roundingModesDecodeFromRiscv() {
    assertThat(Rounding.of(0)).isEqualTo(Rounding.NEAREST_EVEN);
    assertThat(Rounding.of(1)).isEqualTo(Rounding.TOWARD_ZERO);
    assertThat(Rounding.of(2)).isEqualTo(Rounding.DOWN);
    assertThat(Rounding.of(3)).isEqualTo(Rounding.UP);
    assertThat(Rounding.of(4)).isEqualTo(Rounding.NEAREST_MAX_MAGNITUDE);
  }

  @Test
  void flagsAccrueAndAreTheOwners() {
    FloatEnv env = FloatEnv.riscv();
    assertThat(F32.div(env, ONE, 0x4040_0000)).isEqualTo(0x3eaa_aaab);
    assertThat(F32.div(env, ONE, 0)).isEqualTo(INFINITY);
    assertThat(env.flags()).isEqualTo(INEXACT | DIVBYZERO);
    env.raise(INVALID);
    assertThat(env.flags()).isEqualTo(INEXACT | DIVBYZERO | INVALID);
    env.clearFlags();
    assertThat(env.flags()).isZero();
  }
}
