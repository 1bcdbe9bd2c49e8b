package dev.kasuari.softfloat;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Round-to-nearest-even against Java's own arithmetic, which is strict IEEE 754, on millions of
 * patterns; and the fast paths, taken once INEXACT is raised, against the slow ones.
 */
@Tag("fast")
class StrictArithmeticTest {
  private static final int ROUNDS = 500_000;
  private static final long NAN = Format.BINARY64.infinity() | Format.BINARY64.quietBit();

  private final FloatEnv env = FloatEnv.riscv();
  private final FloatEnv raised = FloatEnv.riscv();

  @Test
  void binary64() {
    var patterns = new Patterns(64);
    for (int i = 0; i < ROUNDS; i++) {
      long a = patterns.next(Format.BINARY64);
      long b = patterns.next(Format.BINARY64);
      double x = Double.longBitsToDouble(a);
      double y = Double.longBitsToDouble(b);
      check("add", a, b, x + y, F64.add(reset(env, 0), a, b), F64.add(sticky(), a, b));
      check("sub", a, b, x - y, F64.sub(reset(env, 0), a, b), F64.sub(sticky(), a, b));
      check("mul", a, b, x * y, F64.mul(reset(env, 0), a, b), F64.mul(sticky(), a, b));
      check("div", a, b, x / y, F64.div(reset(env, 0), a, b), F64.div(sticky(), a, b));
      check("sqrt", a, 0, Math.sqrt(x), F64.sqrt(reset(env, 0), a), F64.sqrt(sticky(), a));
      check(
          "remainder",
          a,
          b,
          Math.IEEEremainder(x, y),
          F64.remainder(reset(env, 0), a, b),
          F64.remainder(sticky(), a, b));
      check(
          "rint",
          a,
          0,
          Math.rint(x),
          F64.roundToIntegral(reset(env, 0), a, true),
          F64.roundToIntegral(sticky(), a, true));
    }
  }

  @Test
  void binary32() {
    var patterns = new Patterns(32);
    for (int i = 0; i < ROUNDS; i++) {
      int a = (int) patterns.next(Format.BINARY32);
      int b = (int) patterns.next(Format.BINARY32);
      float x = Float.intBitsToFloat(a);
      float y = Float.intBitsToFloat(b);
      check("add", a, b, x + y, F32.add(reset(env, 0), a, b), F32.add(sticky(), a, b));
      check("sub", a, b, x - y, F32.sub(reset(env, 0), a, b), F32.sub(sticky(), a, b));
      check("mul", a, b, x * y, F32.mul(reset(env, 0), a, b), F32.mul(sticky(), a, b));
      check("div", a, b, x / y, F32.div(reset(env, 0), a, b), F32.div(sticky(), a, b));
      check("sqrt", a, 0, (float) Math.sqrt(x), F32.sqrt(reset(env, 0), a), F32.sqrt(sticky(), a));
    }
  }

  @Test
  void fusedMultiplyAdd() {
    var patterns = new Patterns(128);
    // Math.fma is exact everywhere but slow where the host has no such instruction.
    for (int i = 0; i < ROUNDS / 10; i++) {
      long a = patterns.next(Format.BINARY64);
      long b = patterns.next(Format.BINARY64);
      long c = patterns.next(Format.BINARY64);
      double exact =
          Math.fma(
              Double.longBitsToDouble(a), Double.longBitsToDouble(b), Double.longBitsToDouble(c));
      check("fma", a, b, exact, F64.fma(reset(env, 0), a, b, c), F64.fma(sticky(), a, b, c));
      int a32 = (int) patterns.next(Format.BINARY32);
      int b32 = (int) patterns.next(Format.BINARY32);
      int c32 = (int) patterns.next(Format.BINARY32);
      float single =
          Math.fma(Float.intBitsToFloat(a32), Float.intBitsToFloat(b32), Float.intBitsToFloat(c32));
      check(
          "fma",
          a32,
          b32,
          single,
          F32.fma(reset(env, 0), a32, b32, c32),
          F32.fma(sticky(), a32, b32, c32));
    }
  }

  @Test
  void conversions() {
    var patterns = new Patterns(96);
    for (int i = 0; i < ROUNDS; i++) {
      long a = patterns.next(Format.BINARY64);
      int b = (int) patterns.next(Format.BINARY32);
      double x = Double.longBitsToDouble(a);
      float y = Float.intBitsToFloat(b);
      check("toF32", a, 0, (float) x, F64.toF32(reset(env, 0), a), F64.toF32(sticky(), a));
      check("toF64", b, 0, y, F32.toF64(reset(env, 0), b), F32.toF64(sticky(), b));
      check(
          "fromInt64",
          a,
          0,
          (double) a,
          F64.fromInt64(reset(env, 0), a),
          F64.fromInt64(sticky(), a));
      check(
          "fromInt64",
          a,
          0,
          (float) a,
          F32.fromInt64(reset(env, 0), a),
          F32.fromInt64(sticky(), a));
      check(
          "fromInt32",
          b,
          0,
          (double) b,
          F64.fromInt32(reset(env, 0), b),
          F64.fromInt32(sticky(), b));
      check(
          "fromInt32",
          b,
          0,
          (float) b,
          F32.fromInt32(reset(env, 0), b),
          F32.fromInt32(sticky(), b));
      // Java's casts are Arm's: toward zero, saturating, NaN gives 0.
      FloatEnv arm = FloatEnv.arm().rounding(Rounding.TOWARD_ZERO);
      assertThat(F64.toInt32(arm, a)).isEqualTo((int) x);
      assertThat(F64.toInt64(arm, a)).isEqualTo((long) x);
      assertThat(F32.toInt32(arm, b)).isEqualTo((int) y);
      assertThat(F32.toInt64(arm, b)).isEqualTo((long) y);
    }
  }

  @Test
  void comparisons() {
    var patterns = new Patterns(16);
    for (int i = 0; i < ROUNDS; i++) {
      long a = patterns.next(Format.BINARY64);
      long b = i % 8 == 0 ? a : patterns.next(Format.BINARY64);
      double x = Double.longBitsToDouble(a);
      double y = Double.longBitsToDouble(b);
      assertThat(F64.eqQuiet(env, a, b)).isEqualTo(x == y);
      assertThat(F64.ltQuiet(env, a, b)).isEqualTo(x < y);
      assertThat(F64.leQuiet(env, a, b)).isEqualTo(x <= y);
      int c = (int) patterns.next(Format.BINARY32);
      int d = i % 8 == 0 ? c : (int) patterns.next(Format.BINARY32);
      float z = Float.intBitsToFloat(c);
      float w = Float.intBitsToFloat(d);
      assertThat(F32.eqSignaling(env, c, d)).isEqualTo(z == w);
      assertThat(F32.ltSignaling(env, c, d)).isEqualTo(z < w);
      assertThat(F32.leSignaling(env, c, d)).isEqualTo(z <= w);
      check(
          "min",
          a,
          b,
          Math.min(x, y),
          F64.minimum(reset(env, 0), a, b),
          F64.minimum(sticky(), a, b));
      check(
          "max",
          c,
          d,
          Math.max(z, w),
          F32.maximum(reset(env, 0), c, d),
          F32.maximum(sticky(), c, d));
    }
  }

  private FloatEnv sticky() {
    return reset(raised, FloatEnv.INEXACT);
  }

  private static FloatEnv reset(FloatEnv env, int flags) {
    env.setFlags(flags);
    return env;
  }

  private void check(String what, long a, long b, double java, long slow, long fast) {
    long expected = Double.isNaN(java) ? NAN : Double.doubleToRawLongBits(java);
    checkBits(what, a, b, expected, slow, fast);
  }

  private void check(String what, long a, long b, float java, int slow, int fast) {
    int expected = Float.isNaN(java) ? 0x7fc0_0000 : Float.floatToRawIntBits(java);
    checkBits(what, a, b, expected, slow, fast);
  }

  private void checkBits(String what, long a, long b, long expected, long slow, long fast) {
    if (slow != expected
        || fast != expected
        || (env.flags() | FloatEnv.INEXACT) != raised.flags()) {
      throw new AssertionError(
          "%s(%x, %x): Java %x, slow path %x flags %x, fast path %x flags %x"
              .formatted(what, a, b, expected, slow, env.flags(), fast, raised.flags()));
    }
  }
}
