package dev.kasuari.softfloat;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Relations, minima, maxima and classes at their corners. */
@Tag("fast")
class ComparisonTest {
  private static final long ONE = 0x3ff0_0000_0000_0000L;
  private static final long TWO = 0x4000_0000_0000_0000L;
  private static final long MINUS_ZERO = 0x8000_0000_0000_0000L;
  private static final long QUIET = 0x7ff8_0000_0000_0123L;
  private static final long SIGNALING = 0x7ff0_0000_0000_0123L;
  private static final long DEFAULT = 0x7ff8_0000_0000_0000L;

  private final FloatEnv env = FloatEnv.riscv();

  private int flags() {
    int flags = env.flags();
    env.clearFlags();
    return flags;
  }

  @Test
  void zerosAreEqualAndNansUnordered() {
    assertThat(F64.compareQuiet(env, 0, MINUS_ZERO)).isEqualTo(SoftFloat.EQUAL);
    assertThat(F64.compareQuiet(env, ONE, TWO)).isEqualTo(SoftFloat.LESS);
    assertThat(F64.compareQuiet(env, ONE, TWO ^ MINUS_ZERO)).isEqualTo(SoftFloat.GREATER);
    assertThat(F64.compareQuiet(env, ONE, QUIET)).isEqualTo(SoftFloat.UNORDERED);
    assertThat(flags()).isZero();
    assertThat(F64.compareSignaling(env, QUIET, ONE)).isEqualTo(SoftFloat.UNORDERED);
    assertThat(flags()).isEqualTo(FloatEnv.INVALID);
    assertThat(F64.compareQuiet(env, SIGNALING, ONE)).isEqualTo(SoftFloat.UNORDERED);
    assertThat(flags()).isEqualTo(FloatEnv.INVALID);
  }

  @Test
  void unorderedIsNeitherLessNorEqual() {
    assertThat(F64.eqQuiet(env, QUIET, QUIET)).isFalse();
    assertThat(F64.ltQuiet(env, QUIET, ONE)).isFalse();
    assertThat(F64.leQuiet(env, ONE, QUIET)).isFalse();
    assertThat(flags()).isZero();
    assertThat(F64.eqSignaling(env, QUIET, ONE)).isFalse();
    assertThat(flags()).isEqualTo(FloatEnv.INVALID);
    assertThat(F64.ltSignaling(env, ONE, QUIET)).isFalse();
    assertThat(flags()).isEqualTo(FloatEnv.INVALID);
    assertThat(F64.leSignaling(env, QUIET, ONE)).isFalse();
    assertThat(flags()).isEqualTo(FloatEnv.INVALID);
  }

  @Test
  void minusZeroIsTheSmallerZero() {
    assertThat(F64.minimumNumber(env, 0, MINUS_ZERO)).isEqualTo(MINUS_ZERO);
    assertThat(F64.maximumNumber(env, MINUS_ZERO, 0)).isZero();
    assertThat(F64.minimum(env, 0, MINUS_ZERO)).isEqualTo(MINUS_ZERO);
    assertThat(F64.maximum(env, MINUS_ZERO, 0)).isZero();
    assertThat(F64.minElseSecond(env, 0, MINUS_ZERO)).isEqualTo(MINUS_ZERO);
    assertThat(F64.minElseSecond(env, MINUS_ZERO, 0)).isZero();
    assertThat(F64.maxElseSecond(env, 0, MINUS_ZERO)).isEqualTo(MINUS_ZERO);
    assertThat(flags()).isZero();
  }

  @Test
  void theVariantsDifferInNans() {
    assertThat(F64.minimumNumber(env, QUIET, ONE)).isEqualTo(ONE);
    assertThat(F64.minNum(env, ONE, QUIET)).isEqualTo(ONE);
    assertThat(F64.minimum(env, QUIET, ONE)).isEqualTo(DEFAULT);
    assertThat(F64.maximumNumber(env, QUIET, QUIET)).isEqualTo(DEFAULT);
    assertThat(flags()).isZero();

    assertThat(F64.minimumNumber(env, SIGNALING, ONE)).isEqualTo(ONE);
    assertThat(flags()).isEqualTo(FloatEnv.INVALID);
    assertThat(F64.maximumNumber(env, ONE, SIGNALING)).isEqualTo(ONE);
    assertThat(flags()).isEqualTo(FloatEnv.INVALID);
    assertThat(F64.maximumNumber(env, QUIET, SIGNALING)).isEqualTo(DEFAULT);
    assertThat(flags()).isEqualTo(FloatEnv.INVALID);
    assertThat(F64.minNum(env, SIGNALING, ONE)).isEqualTo(DEFAULT);
    assertThat(flags()).isEqualTo(FloatEnv.INVALID);
    assertThat(F64.maximum(env, ONE, SIGNALING)).isEqualTo(DEFAULT);
    assertThat(flags()).isEqualTo(FloatEnv.INVALID);

    assertThat(F64.minElseSecond(env, QUIET, ONE)).isEqualTo(ONE);
    assertThat(flags()).isEqualTo(FloatEnv.INVALID);
    assertThat(F64.maxElseSecond(env, ONE, SIGNALING)).isEqualTo(SIGNALING);
    assertThat(flags()).isEqualTo(FloatEnv.INVALID);
  }

  @Test
  void theLargerAndTheSmaller() {
    long minusTwo = TWO | MINUS_ZERO;
    assertThat(F64.minimumNumber(env, ONE, minusTwo)).isEqualTo(minusTwo);
    assertThat(F64.maximumNumber(env, minusTwo, ONE)).isEqualTo(ONE);
    assertThat(F64.minElseSecond(env, ONE, TWO)).isEqualTo(ONE);
    assertThat(F64.maxElseSecond(env, ONE, TWO)).isEqualTo(TWO);
    assertThat(F64.maxElseSecond(env, ONE, minusTwo)).isEqualTo(ONE);
    assertThat(F32.minNum(env, 0x3f80_0000, 0xc000_0000)).isEqualTo(0xc000_0000);
    assertThat(F32.maxNum(env, 0x3f80_0000, 0xc000_0000)).isEqualTo(0x3f80_0000);
  }

  @ParameterizedTest
  @CsvSource({
    "ff800000, 0", "bf800000, 1", "ff7fffff, 1", "80800000, 1", "807fffff, 2", "80000001, 2",
    "80000000, 3", "00000000, 4", "00000001, 5", "007fffff, 5", "00800000, 6", "7f7fffff, 6",
    "7f800000, 7", "7f800001, 8", "ffbfffff, 8", "7fc00000, 9", "ffc00000, 9",
  })
  void classes(String bits, int bit) {
    int pattern = Integer.parseUnsignedInt(bits, 16);
    assertThat(F32.classify(pattern)).isEqualTo(1 << bit);
    assertThat(F32.isNan(pattern)).isEqualTo(bit >= 8);
    assertThat(F32.isSignalingNan(pattern)).isEqualTo(bit == 8);
    long wide = pattern & 0xffff_ffffL;
    Format f = Format.BINARY32;
    assertThat(f.isInfinite(wide)).isEqualTo(bit == 0 || bit == 7);
    assertThat(f.isNormal(wide)).isEqualTo(bit == 1 || bit == 6);
    assertThat(f.isSubnormal(wide)).isEqualTo(bit == 2 || bit == 5);
    assertThat(f.isZero(wide)).isEqualTo(bit == 3 || bit == 4);
    assertThat(f.isFinite(wide)).isEqualTo(bit >= 1 && bit <= 6);
  }

  @Test
  void classesOfBinary64() {
    assertThat(F64.classify(MINUS_ZERO)).isEqualTo(1 << 3);
    assertThat(F64.classify(0xfff0_0000_0000_0000L)).isEqualTo(1);
    assertThat(F64.classify(ONE)).isEqualTo(1 << 6);
    assertThat(F64.classify(SIGNALING | MINUS_ZERO)).isEqualTo(1 << 8);
    assertThat(F64.classify(QUIET)).isEqualTo(1 << 9);
  }
}
