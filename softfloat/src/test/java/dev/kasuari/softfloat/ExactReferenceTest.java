package dev.kasuari.softfloat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.softfloat.Reference.Exact;
import dev.kasuari.softfloat.Reference.Rounded;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operation in every format and rounding mode against exact rational arithmetic. */
@Tag("fast")
class ExactReferenceTest {
  private static final int ROUNDS = 1_200;

  record Case(Format format, Rounding rounding, boolean tininessBefore) {
    long seed() {
      return 31L * toString().hashCode();
    }

    FloatEnv env() {
      return FloatEnv.riscv().rounding(rounding).tininessBeforeRounding(tininessBefore);
    }
  }

  static Stream<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (Format format :
        List.of(Format.BINARY16, Format.BFLOAT16, Format.BINARY32, Format.BINARY64)) {
      for (Rounding rounding : Rounding.values()) {
        cases.add(new Case(format, rounding, false));
        cases.add(new Case(format, rounding, true));
      }
    }
    return cases.stream();
  }

  private final Reference reference = new Reference();

  @ParameterizedTest
  @MethodSource("cases")
  void arithmetic(Case c) {
    Format f = c.format();
    var patterns = new Patterns(0x5eed + c.seed());
    for (int i = 0; i < ROUNDS; i++) {
      long a = patterns.nextNonzero(f);
      long b = patterns.nextNonzero(f);
      long d = patterns.nextNonzero(f);
      Exact x = Exact.of(f, a);
      Exact y = Exact.of(f, b);
      Exact z = Exact.of(f, d);
      FloatEnv env = c.env();
      check(c, env, "add", x.plus(y), SoftFloat.add(env, f, a, b));
      check(c, env, "sub", x.plus(negated(y)), SoftFloat.sub(env, f, a, b));
      check(c, env, "mul", x.times(y), SoftFloat.mul(env, f, a, b));
      check(c, env, "div", x.dividedBy(y), SoftFloat.div(env, f, a, b));
      check(c, env, "fma", x.times(y).plus(z), SoftFloat.fma(env, f, a, b, d));
      check(
          c,
          env,
          "root",
          Exact.of(f, f.magnitude(a)).root(),
          SoftFloat.sqrt(env, f, f.magnitude(a)));
      int n = patterns.random().nextInt(-200, 200);
      check(
          c,
          env,
          "scalb",
          x.times(Exact.scaled(false, BigInteger.ONE, n)),
          SoftFloat.scalb(env, f, a, n));
      // Products that almost cancel.
      env.clearFlags();
      long near = SoftFloat.mul(FloatEnv.riscv(), f, a, b) ^ f.signBit();
      if (f.isFinite(near) && !f.isZero(near)) {
        check(c, env, "fma", x.times(y).plus(Exact.of(f, near)), SoftFloat.fma(env, f, a, b, near));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void conversions(Case c) {
    Format f = c.format();
    var patterns = new Patterns(0xc0de + c.seed());
    for (int i = 0; i < ROUNDS; i++) {
      long a = patterns.nextNonzero(f);
      Exact x = Exact.of(f, a);
      FloatEnv env = c.env();
      for (Format to :
          List.of(Format.BINARY16, Format.BFLOAT16, Format.BINARY32, Format.BINARY64)) {
        check(
            new Case(to, c.rounding(), c.tininessBefore()),
            env,
            "convert",
            x,
            SoftFloat.convert(env, f, to, a));
      }
      int scale = patterns.random().nextInt(-8, 9);
      int width = patterns.random().nextInt(1, 65);
      checkInteger(c, env, a, width, scale);
      long value = patterns.random().nextLong() >> patterns.random().nextInt(64);
      if (value != 0) {
        Exact exact = Exact.scaled(value < 0, BigInteger.valueOf(value).abs(), -scale);
        check(c, env, "fromSigned", exact, SoftFloat.fromSigned(env, f, value, scale));
        BigInteger unsigned = new BigInteger(Long.toUnsignedString(value));
        check(
            c,
            env,
            "fromUnsigned",
            Exact.scaled(false, unsigned, -scale),
            SoftFloat.fromUnsigned(env, f, value, scale));
      }
      checkIntegral(c, env, a);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void remainders(Case c) {
    Format f = c.format();
    var patterns = new Patterns(0xfeed + c.seed());
    for (int i = 0; i < ROUNDS / 10; i++) {
      long a = patterns.nextNonzero(f);
      long b = patterns.nextNonzero(f);
      Exact x = Exact.of(f, a);
      Exact y = Exact.of(f, b);
      Rounded n = Reference.toUnits(x.dividedBy(y), 0, Rounding.NEAREST_EVEN);
      Exact exact = x.plus(negated(y.times(Exact.of(quotient(x, y, n), BigInteger.ONE))));
      FloatEnv env = c.env();
      long got = SoftFloat.remainder(env, f, a, b);
      if (exact.isZero()) {
        assertThat(got).isEqualTo(f.sign(a));
        assertThat(env.flags()).isZero();
      } else {
        check(c, env, "remainder", exact, got);
        assertThat(env.flags()).isZero();
      }
    }
  }

  private static BigInteger quotient(Exact x, Exact y, Rounded n) {
    return x.negative() != y.negative() ? n.units().negate() : n.units();
  }

  private static Exact negated(Exact x) {
    return new Exact(!x.negative(), x.numerator(), x.denominator());
  }

  private void check(Case c, FloatEnv env, String what, Exact exact, long got) {
    long expected;
    if (exact.isZero()) {
      expected = c.rounding() == Rounding.DOWN ? c.format().signBit() : 0;
      reference.flags = 0;
    } else {
      expected = reference.round(c.format(), exact, c.rounding(), c.tininessBefore());
    }
    if (got != expected || env.flags() != reference.flags) {
      throw new AssertionError(
          "%s of %s = %x flags %x, expected %x flags %x, in %s"
              .formatted(what, exact, got, env.flags(), expected, reference.flags, c));
    }
    env.clearFlags();
  }

  private static void checkInteger(Case c, FloatEnv env, long a, int width, int scale) {
    Exact x = Exact.of(c.format(), a).times(Exact.scaled(false, BigInteger.ONE, scale));
    Rounded r = Reference.toUnits(x, 0, c.rounding());
    BigInteger value = x.negative() ? r.units().negate() : r.units();
    BigInteger max = BigInteger.ONE.shiftLeft(width - 1).subtract(BigInteger.ONE);
    BigInteger min = max.not();
    long signed = SoftFloat.toSigned(env, c.format(), a, width, scale);
    assertThat(signed).isEqualTo(value.min(max).max(min).longValueExact());
    assertThat(env.flags()).isEqualTo(integerFlags(r, value, min, max));
    env.clearFlags();
    BigInteger umax = BigInteger.ONE.shiftLeft(width).subtract(BigInteger.ONE);
    long unsigned = SoftFloat.toUnsigned(env, c.format(), a, width, scale);
    assertThat(unsigned).isEqualTo(value.min(umax).max(BigInteger.ZERO).longValue());
    assertThat(env.flags()).isEqualTo(integerFlags(r, value, BigInteger.ZERO, umax));
    env.clearFlags();
  }

  private static int integerFlags(Rounded r, BigInteger value, BigInteger min, BigInteger max) {
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      return FloatEnv.INVALID;
    }
    return r.inexact() ? FloatEnv.INEXACT : 0;
  }

  private void checkIntegral(Case c, FloatEnv env, long a) {
    Format f = c.format();
    Rounded r = Reference.toUnits(Exact.of(f, a), 0, c.rounding());
    long expected =
        r.units().signum() == 0
            ? f.sign(a)
            : reference.round(
                f, Exact.scaled(f.isNegative(a), r.units(), 0), Rounding.TOWARD_ZERO, false);
    assertThat(SoftFloat.roundToIntegral(env, f, a, false)).isEqualTo(expected);
    assertThat(env.flags()).isZero();
    assertThat(SoftFloat.roundToIntegral(env, f, a, true)).isEqualTo(expected);
    assertThat(env.flags()).isEqualTo(r.inexact() ? FloatEnv.INEXACT : 0);
    env.clearFlags();
  }
}
