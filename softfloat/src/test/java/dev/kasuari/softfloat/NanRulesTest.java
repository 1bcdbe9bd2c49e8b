package dev.kasuari.softfloat;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which NaN comes out of an operation, and what it raises. */
@Tag("fast")
class NanRulesTest {
  private static final int ONE = 0x3f80_0000;
  private static final int INFINITY = 0x7f80_0000;
  private static final int ZERO = 0;
  private static final int DEFAULT = 0x7fc0_0000;

  private static final int QUIET_A = 0x7fc0_000a;
  private static final int QUIET_B = 0xffc0_000b;
  private static final int QUIET_C = 0x7fc0_000c;
  private static final int SIGNALING_A = 0xff80_001a;
  private static final int SIGNALING_B = 0x7f80_001b;
  private static final int SIGNALING_C = 0xff80_001c;

  private static FloatEnv env(NanRule rule) {
    return new FloatEnv().defaultNanMode(false).nanRule(rule);
  }

  private static int value(String name) {
    return switch (name) {
      case "1" -> ONE;
      case "qa" -> QUIET_A;
      case "qb" -> QUIET_B;
      case "qc" -> QUIET_C;
      case "sa" -> SIGNALING_A;
      case "sb" -> SIGNALING_B;
      case "sc" -> SIGNALING_C;
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static int quieted(String name) {
    return value(name) | 0x0040_0000;
  }

  @ParameterizedTest
  @CsvSource({
    "FIRST_ABC, qa, qb, qa",
    "FIRST_ABC, qa, sb, qa",
    "FIRST_ABC, sa, qb, sa",
    "FIRST_ABC, 1, sb, sb",
    "FIRST_ACB, qa, sb, qa",
    "FIRST_ACB, 1, qb, qb",
    "SIGNALING_FIRST_ABC, qa, qb, qa",
    "SIGNALING_FIRST_ABC, qa, sb, sb",
    "SIGNALING_FIRST_ABC, sa, sb, sa",
    "SIGNALING_FIRST_CAB, qa, sb, sb",
    "SIGNALING_FIRST_CAB, 1, qb, qb",
    "LARGER_SIGNIFICAND, qa, qb, qb",
    "LARGER_SIGNIFICAND, sa, sb, sb",
    "LARGER_SIGNIFICAND, sa, qb, qb",
    "LARGER_SIGNIFICAND, qa, sb, qa",
    "LARGER_SIGNIFICAND, sa, 1, sa",
  })
  void twoOperands(NanRule rule, String a, String b, String chosen) {
    boolean signaling = a.startsWith("s") || b.startsWith("s");
    int flags = signaling ? FloatEnv.INVALID : 0;
    FloatEnv env = env(rule);
    assertThat(F32.add(env, value(a), value(b))).isEqualTo(quieted(chosen));
    assertThat(env.flags()).isEqualTo(flags);
    assertThat(F32.sub(env(rule), value(a), value(b))).isEqualTo(quieted(chosen));
    assertThat(F32.mul(env(rule), value(a), value(b))).isEqualTo(quieted(chosen));
    assertThat(F32.div(env(rule), value(a), value(b))).isEqualTo(quieted(chosen));
    assertThat(F32.remainder(env(rule), value(a), value(b))).isEqualTo(quieted(chosen));
    assertThat(F32.minimum(env(rule), value(a), value(b))).isEqualTo(quieted(chosen));
    FloatEnv defaults = env(rule).defaultNanMode(true);
    assertThat(F32.add(defaults, value(a), value(b))).isEqualTo(DEFAULT);
    assertThat(defaults.flags()).isEqualTo(flags);
  }

  @Test
  void ofTwoEqualSignificandsX87TakesThePositive() {
    int negative = QUIET_A | 0x8000_0000;
    FloatEnv env = env(NanRule.LARGER_SIGNIFICAND);
    assertThat(F32.add(env, negative, QUIET_A)).isEqualTo(QUIET_A);
    assertThat(F32.add(env, QUIET_A, negative)).isEqualTo(QUIET_A);
  }

  @ParameterizedTest
  @CsvSource({
    "FIRST_ABC, qa, qb, qc, qa",
    "FIRST_ABC, 1, qb, sc, qb",
    "FIRST_ACB, qa, qb, qc, qa",
    "FIRST_ACB, 1, qb, qc, qc",
    "FIRST_ACB, 1, sb, qc, qc",
    "FIRST_ACB, 1, qb, 1, qb",
    "SIGNALING_FIRST_CAB, qa, qb, qc, qc",
    "SIGNALING_FIRST_CAB, sa, qb, qc, sa",
    "SIGNALING_FIRST_CAB, sa, sb, sc, sc",
    "SIGNALING_FIRST_CAB, qa, qb, 1, qa",
    "SIGNALING_FIRST_CAB, 1, sb, qc, sb",
    "SIGNALING_FIRST_ABC, qa, qb, qc, qa",
    "SIGNALING_FIRST_ABC, qa, qb, sc, sc",
    "SIGNALING_FIRST_ABC, 1, 1, qc, qc",
    "LARGER_SIGNIFICAND, qa, qb, qc, qc",
    "LARGER_SIGNIFICAND, qa, sb, sc, qa",
  })
  void threeOperands(NanRule rule, String a, String b, String c, String chosen) {
    boolean signaling = (a + b + c).contains("s");
    FloatEnv env = env(rule);
    assertThat(F32.fma(env, value(a), value(b), value(c))).isEqualTo(quieted(chosen));
    assertThat(env.flags()).isEqualTo(signaling ? FloatEnv.INVALID : 0);
  }

  @ParameterizedTest
  @CsvSource({
    "INVALID_DEFAULT_NAN, 16, 2143289344",
    "INVALID_ADDEND, 16, 2143289356",
    "QUIET_ADDEND, 0, 2143289356",
  })
  void zeroTimesInfinityPlusQuietNan(ZeroTimesInfinity rule, int flags, int result) {
    FloatEnv env = env(NanRule.FIRST_ABC).zeroTimesInfinity(rule);
    assertThat(F32.fma(env, ZERO, INFINITY, QUIET_C)).isEqualTo(result);
    assertThat(env.flags()).isEqualTo(flags);
    assertThat(F32.fma(env, INFINITY, ZERO, QUIET_C)).isEqualTo(result);
    env.clearFlags();
    assertThat(F32.fma(env, INFINITY, ZERO, SIGNALING_C)).isEqualTo(quieted("sc"));
    assertThat(env.flags()).isEqualTo(FloatEnv.INVALID);
    env.clearFlags();
    assertThat(F32.fma(env, INFINITY, ZERO, ONE)).isEqualTo(DEFAULT);
    assertThat(env.flags()).isEqualTo(FloatEnv.INVALID);
  }

  @Test
  void conversionsKeepSignAndLeadingPayload() {
    FloatEnv env = env(NanRule.FIRST_ABC);
    assertThat(F32.toF64(env, SIGNALING_A)).isEqualTo(0xfff8_0003_4000_0000L);
    assertThat(env.flags()).isEqualTo(FloatEnv.INVALID);
    env.clearFlags();
    assertThat(F64.toF32(env, 0xfff8_0003_4000_0001L)).isEqualTo(quieted("sa"));
    assertThat(env.flags()).isZero();
    // A payload that is lost must not leave an infinity.
    assertThat(F64.toF32(env, 0x7ff0_0000_0000_0001L)).isEqualTo(DEFAULT);
    assertThat(env.flags()).isEqualTo(FloatEnv.INVALID);
    assertThat(F32.toF64(env.defaultNanMode(true), QUIET_B)).isEqualTo(0x7ff8_0000_0000_0000L);
  }

  @Test
  void defaultNanHasTheArchitecturesSign() {
    assertThat(F32.sub(FloatEnv.riscv(), INFINITY, INFINITY)).isEqualTo(DEFAULT);
    assertThat(F32.sub(FloatEnv.x86Sse(), INFINITY, INFINITY)).isEqualTo(0xffc0_0000);
    assertThat(F64.sqrt(FloatEnv.x86Sse(), 0xbff0_0000_0000_0000L))
        .isEqualTo(0xfff8_0000_0000_0000L);
  }

  @Test
  void subtractedNanKeepsItsSign() {
    assertThat(F32.sub(env(NanRule.FIRST_ABC), ONE, QUIET_B)).isEqualTo(QUIET_B);
  }

  @Test
  void oneOperandIsQuieted() {
    FloatEnv env = env(NanRule.FIRST_ABC);
    assertThat(F32.sqrt(env, SIGNALING_A)).isEqualTo(quieted("sa"));
    assertThat(F32.roundToIntegral(env, SIGNALING_B, true)).isEqualTo(quieted("sb"));
    assertThat(F32.scalb(env, SIGNALING_C, 3)).isEqualTo(quieted("sc"));
    assertThat(env.flags()).isEqualTo(FloatEnv.INVALID);
  }
}
