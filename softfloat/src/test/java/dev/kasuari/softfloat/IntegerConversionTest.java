package dev.kasuari.softfloat;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Integers at the ends of their ranges, in both directions, by every architecture's rule. */
@Tag("fast")
class IntegerConversionTest {
  private static long bits(double value) {
    return Double.doubleToRawLongBits(value);
  }

  private static FloatEnv env(IntegerOverflow rule) {
    return FloatEnv.riscv().integerOverflow(rule);
  }

  @ParameterizedTest
  @CsvSource({
    "SATURATE_NAN_MAX,  2147483647, -2147483648, 2147483647, -1, 0, -1",
    "SATURATE_NAN_ZERO, 2147483647, -2147483648, 0, -1, 0, 0",
    "SATURATE_NAN_MIN,  2147483647, -2147483648, -2147483648, -1, 0, 0",
    "INDEFINITE, -2147483648, -2147483648, -2147483648, -1, -1, -1",
  })
  void outOfRange32(
      IntegerOverflow rule, int above, int below, int nan, int uabove, int ubelow, int unan) {
    FloatEnv env = env(rule);
    assertInvalid(env, F64.toInt32(env, bits(2147483648.0)), above);
    assertInvalid(env, F64.toInt32(env, bits(Double.POSITIVE_INFINITY)), above);
    assertInvalid(env, F64.toInt32(env, bits(1e300)), above);
    assertInvalid(env, F64.toInt32(env, bits(-2147483649.0)), below);
    assertInvalid(env, F64.toInt32(env, bits(Double.NEGATIVE_INFINITY)), below);
    assertInvalid(env, F64.toInt32(env, bits(Double.NaN)), nan);
    assertInvalid(env, F64.toInt32(env, bits(Double.NaN) | Long.MIN_VALUE), nan);
    assertInvalid(env, F64.toUint32(env, bits(4294967296.0)), uabove);
    assertInvalid(env, F64.toUint32(env, bits(-1.0)), ubelow);
    assertInvalid(env, F64.toUint32(env, bits(Double.NEGATIVE_INFINITY)), ubelow);
    assertInvalid(env, F64.toUint32(env, bits(Double.NaN)), unan);
  }

  @ParameterizedTest
  @CsvSource({
    "SATURATE_NAN_MAX, 7fffffffffffffff, 7fffffffffffffff, ffffffffffffffff, 0",
    "SATURATE_NAN_ZERO, 7fffffffffffffff, 0, ffffffffffffffff, 0",
    "SATURATE_NAN_MIN, 7fffffffffffffff, 8000000000000000, ffffffffffffffff, 0",
    "INDEFINITE, 8000000000000000, 8000000000000000, ffffffffffffffff, ffffffffffffffff",
  })
  void outOfRange64(IntegerOverflow rule, String above, String nan, String uabove, String ubelow) {
    FloatEnv env = env(rule);
    assertInvalid(env, F64.toInt64(env, bits(0x1p63)), Long.parseUnsignedLong(above, 16));
    assertInvalid(env, F64.toInt64(env, bits(-0x1.0000000000001p63)), Long.MIN_VALUE);
    assertInvalid(env, F64.toInt64(env, bits(Double.NaN)), Long.parseUnsignedLong(nan, 16));
    assertInvalid(env, F64.toUint64(env, bits(0x1p64)), Long.parseUnsignedLong(uabove, 16));
    assertInvalid(env, F64.toUint64(env, bits(-1)), Long.parseUnsignedLong(ubelow, 16));
    assertInvalid(env, F32.toInt64(env, 0x5f00_0000), Long.parseUnsignedLong(above, 16));
    assertInvalid(env, F32.toUint64(env, 0x5f80_0000), Long.parseUnsignedLong(uabove, 16));
  }

  private static void assertInvalid(FloatEnv env, long got, long expected) {
    assertThat(got).isEqualTo(expected);
    assertThat(env.flags()).isEqualTo(FloatEnv.INVALID);
    env.clearFlags();
  }

  @Test
  void theLastValuesThatFit() {
    FloatEnv env = FloatEnv.riscv().rounding(Rounding.TOWARD_ZERO);
    assertThat(F64.toInt32(env, bits(2147483647.0))).isEqualTo(Integer.MAX_VALUE);
    assertThat(F64.toInt32(env, bits(-2147483648.0))).isEqualTo(Integer.MIN_VALUE);
    assertThat(F64.toUint32(env, bits(4294967295.0))).isEqualTo(-1);
    assertThat(F64.toInt64(env, bits(-0x1p63))).isEqualTo(Long.MIN_VALUE);
    assertThat(F64.toInt64(env, bits(0x1.fffffffffffffp62))).isEqualTo(0x7fff_ffff_ffff_fc00L);
    assertThat(F64.toUint64(env, bits(0x1.fffffffffffffp63))).isEqualTo(0xffff_ffff_ffff_f800L);
    assertThat(F64.toUint64(env, bits(0x1p63))).isEqualTo(Long.MIN_VALUE);
    assertThat(env.flags()).isZero();
    assertThat(F64.toInt32(env, bits(2147483647.9))).isEqualTo(Integer.MAX_VALUE);
    assertThat(F64.toInt32(env, bits(-2147483648.9))).isEqualTo(Integer.MIN_VALUE);
    assertThat(F64.toUint32(env, bits(-0.9))).isZero();
    assertThat(env.flags()).isEqualTo(FloatEnv.INEXACT);
  }

  @Test
  void rangeIsThatOfTheRoundedValue() {
    FloatEnv up = FloatEnv.riscv().rounding(Rounding.UP);
    assertInvalid(up, F64.toInt32(up, bits(2147483647.1)), Integer.MAX_VALUE);
    FloatEnv nearest = FloatEnv.riscv();
    assertInvalid(nearest, F64.toUint32(nearest, bits(4294967295.5)), -1);
    assertThat(F64.toUint32(nearest, bits(-0.5))).isZero();
    assertThat(nearest.flags()).isEqualTo(FloatEnv.INEXACT);
    FloatEnv away = FloatEnv.riscv().rounding(Rounding.NEAREST_MAX_MAGNITUDE);
    assertInvalid(away, F64.toUint32(away, bits(-0.5)), 0);
  }

  @ParameterizedTest
  @CsvSource({
    // value, nearest even, toward zero, down, up, away, odd
    "2.5, 2, 2, 2, 3, 3, 3",
    "3.5, 4, 3, 3, 4, 4, 3",
    "-2.5, -2, -2, -3, -2, -3, -3",
    "0.5, 0, 0, 0, 1, 1, 1",
    "-0.5, 0, 0, -1, 0, -1, -1",
    "0.25, 0, 0, 0, 1, 0, 1",
    "2.75, 3, 2, 2, 3, 3, 3",
    "-1e-310, 0, 0, -1, 0, 0, -1",
  })
  void everyMode(double value, int even, int zero, int down, int up, int away, int odd) {
    int[] expected = {even, zero, down, up, away, odd};
    for (Rounding rounding : Rounding.values()) {
      FloatEnv env = FloatEnv.riscv().rounding(rounding);
      int index = java.util.List.of(Rounding.values()).indexOf(rounding);
      assertThat(F64.toInt32(env, bits(value))).as("%s", rounding).isEqualTo(expected[index]);
      assertThat(F64.toInt64(env, bits(value))).isEqualTo(expected[index]);
      assertThat(env.flags()).isEqualTo(FloatEnv.INEXACT);
      double integral = Double.longBitsToDouble(F64.roundToIntegral(env, bits(value), false));
      assertThat(integral).isEqualTo(Math.copySign((double) expected[index], value));
    }
  }

  @Test
  void integralRoundingRaisesInexactOnlyIfAsked() {
    FloatEnv env = FloatEnv.riscv();
    assertThat(F64.roundToIntegral(env, bits(2.5), false)).isEqualTo(bits(2.0));
    assertThat(F64.roundToIntegral(env, bits(-0.3), false)).isEqualTo(bits(-0.0));
    assertThat(F64.roundToIntegral(env, bits(0x1p52 + 1), true)).isEqualTo(bits(0x1p52 + 1));
    assertThat(env.flags()).isZero();
    assertThat(F64.roundToIntegral(env, bits(2.5), true)).isEqualTo(bits(2.0));
    assertThat(env.flags()).isEqualTo(FloatEnv.INEXACT);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 53, (1L << 53) + 1})
  void fromLongs(long value) {
    FloatEnv env = FloatEnv.riscv();
    assertThat(F64.fromInt64(env, value)).isEqualTo(bits((double) value));
    boolean exact = value != Long.MAX_VALUE && value != (1L << 53) + 1;
    assertThat(env.flags()).isEqualTo(exact ? 0 : FloatEnv.INEXACT);
    env.clearFlags();
    assertThat(F32.fromInt64(env, value)).isEqualTo(Float.floatToRawIntBits((float) value));
  }

  @Test
  void fromUnsigned() {
    FloatEnv env = FloatEnv.riscv();
    assertThat(F64.fromUint64(env, -1)).isEqualTo(bits(0x1p64));
    assertThat(env.flags()).isEqualTo(FloatEnv.INEXACT);
    env.rounding(Rounding.TOWARD_ZERO).clearFlags();
    assertThat(F64.fromUint64(env, -1)).isEqualTo(bits(0x1.fffffffffffffp63));
    assertThat(F32.fromUint32(env, -1)).isEqualTo(Float.floatToRawIntBits(0x1.fffffep31f));
    assertThat(F64.fromUint32(env, -1)).isEqualTo(bits(4294967295.0));
    assertThat(F64.fromInt32(env, Integer.MIN_VALUE)).isEqualTo(bits(-2147483648.0));
    assertThat(F32.fromInt32(env, 16777217)).isEqualTo(Float.floatToRawIntBits(16777216f));
    assertThat(F64.fromInt64(env.rounding(Rounding.DOWN), 0)).isZero();
  }

  @Test
  void narrowAndFixedPoint() {
    FloatEnv env = FloatEnv.riscv();
    Format f = Format.BINARY64;
    assertThat(SoftFloat.toSigned(env, f, bits(127.25), 8, 0)).isEqualTo(127);
    assertInvalid(clear(env), SoftFloat.toSigned(env, f, bits(128), 8, 0), 127);
    assertInvalid(clear(env), SoftFloat.toSigned(env, f, bits(-200), 8, 0), -128);
    assertInvalid(clear(env), SoftFloat.toUnsigned(env, f, bits(256), 8, 0), 255);
    assertThat(SoftFloat.toSigned(env, f, bits(1.5), 32, 16)).isEqualTo(0x18000);
    assertThat(SoftFloat.fromSigned(env, f, -0x18000, 16)).isEqualTo(bits(-1.5));
    assertThat(env.flags()).isZero();
  }

  private static FloatEnv clear(FloatEnv env) {
    env.clearFlags();
    return env;
  }
}
