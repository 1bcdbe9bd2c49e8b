package dev.kasuari.softfloat;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Arm's alternative half precision, whose largest exponent is that of numbers. */
@Tag("fast")
class AlternativeHalfTest {
  private static final Format F32 = Format.BINARY32;
  private final FloatEnv env = FloatEnv.arm();

  private static long f32(double value) {
    return Integer.toUnsignedLong(Float.floatToRawIntBits((float) value));
  }

  private static double value(int half) {
    int exponent = half >> 10 & 31;
    double fraction = (half & 0x3ff) / 1024.0;
    double magnitude =
        exponent == 0 ? Math.scalb(fraction, -14) : Math.scalb(1 + fraction, exponent - 15);
    return half >> 15 != 0 ? -magnitude : magnitude;
  }

  @Test
  void everyPatternIsANumberThatComesBack() {
    for (int half = 0; half < 0x1_0000; half++) {
      long single = SoftFloat.fromAlternativeHalf(env, F32, half);
      assertThat(Float.intBitsToFloat((int) single)).isEqualTo((float) value(half));
      assertThat(SoftFloat.toAlternativeHalf(env, F32, single)).isEqualTo(half);
      assertThat(SoftFloat.fromAlternativeHalf(env, Format.BINARY64, half))
          .isEqualTo(Double.doubleToRawLongBits(value(half)));
    }
    assertThat(env.flags()).isZero();
  }

  @Test
  void roundsToTheNearestOfTwoNeighbours() {
    for (int half = 1; half < 0x7fff; half++) {
      double above = (value(half) + value(half + 1)) / 2;
      env.clearFlags();
      assertThat(SoftFloat.toAlternativeHalf(env, F32, f32(above))).isEqualTo(half + (half & 1));
      boolean tiny = half < 0x400;
      assertThat(env.flags()).isEqualTo(FloatEnv.INEXACT | (tiny ? FloatEnv.UNDERFLOW : 0));
    }
  }

  @Test
  void whatIsTooLargeOrNoNumberIsInvalid() {
    double half = 131008 + 32;
    for (double large : new double[] {half, 1e9, Double.POSITIVE_INFINITY}) {
      env.clearFlags();
      assertThat(SoftFloat.toAlternativeHalf(env, F32, f32(-large))).isEqualTo(0xffff);
      assertThat(env.flags()).isEqualTo(FloatEnv.INVALID);
    }
    env.clearFlags();
    assertThat(SoftFloat.toAlternativeHalf(env, F32, 0xffc0_0000L)).isEqualTo(0x8000);
    assertThat(env.flags()).isEqualTo(FloatEnv.INVALID);
    env.clearFlags();
    env.rounding(Rounding.TOWARD_ZERO);
    assertThat(SoftFloat.toAlternativeHalf(env, F32, f32(half))).isEqualTo(0x7fff);
    assertThat(env.flags()).isEqualTo(FloatEnv.INEXACT);
  }
}
