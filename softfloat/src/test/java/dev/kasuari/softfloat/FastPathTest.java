package dev.kasuari.softfloat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * {@link F32} and {@link F64}, which borrow the host's arithmetic, against {@link SoftFloat}, which
 * does not: same results and flags in every mode, whether INEXACT was raised before or not.
 */
@Tag("fast")
class FastPathTest {
  private static final int ROUNDS = 60_000;

  record Environment(String name, Supplier<FloatEnv> env) {
    @Override
    public String toString() {
      return name;
    }
  }

  private record Pair(String name, Operation.Body fast, Operation.Body slow) {}

  static Stream<Environment> environments() {
    List<Environment> all = new ArrayList<>();
    for (Rounding mode : Rounding.values()) {
      all.add(new Environment("RISC-V " + mode, () -> FloatEnv.riscv().rounding(mode)));
    }
    all.add(new Environment("Arm", FloatEnv::arm));
    all.add(
        new Environment(
            "Arm FZ", () -> FloatEnv.arm().flushInputs(true).flushOutputs(FlushToZero.UNDERFLOW)));
    all.add(
        new Environment(
            "Arm FZ, toward zero",
            () ->
                FloatEnv.arm()
                    .rounding(Rounding.TOWARD_ZERO)
                    .flushInputs(true)
                    .flushOutputs(FlushToZero.UNDERFLOW)));
    all.add(
        new Environment(
            "flushed results only",
            () -> FloatEnv.riscv().flushOutputs(FlushToZero.UNDERFLOW_AND_INEXACT)));
    all.add(new Environment("x86", FloatEnv::x86Sse));
    all.add(new Environment("x86 DAZ", () -> FloatEnv.x86Sse().flushInputs(true)));
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("environments")
  void binary32(Environment environment) {
    agree(environment, Format.BINARY32, singles());
  }

  @ParameterizedTest
  @MethodSource("environments")
  void binary64(Environment environment) {
    agree(environment, Format.BINARY64, doubles());
  }

  private static void agree(Environment environment, Format f, List<Pair> pairs) {
    var patterns = new Patterns(0xfa57 + environment.name().hashCode());
    FloatEnv fast = environment.env().get();
    FloatEnv slow = environment.env().get();
    for (int i = 0; i < ROUNDS; i++) {
      long a = patterns.next(f);
      long b = patterns.next(f);
      long c = patterns.next(f);
      int before = patterns.random().nextBoolean() ? FloatEnv.INEXACT : 0;
      for (Pair pair : pairs) {
        fast.setFlags(before);
        slow.setFlags(before);
        long got = pair.fast.apply(fast, a, b, c);
        long expected = pair.slow.apply(slow, a, b, c);
        if (got != expected || fast.flags() != slow.flags()) {
          throw new AssertionError(
              "%s(%x, %x, %x) after flags %x: fast %x flags %x, slow %x flags %x"
                  .formatted(
                      pair.name, a, b, c, before, got, fast.flags(), expected, slow.flags()));
        }
      }
    }
  }

  private static long wide(int bits) {
    return bits & 0xffff_ffffL;
  }

  private static long low(long value) {
    return value & 0xffff_ffffL;
  }

  private static long signed(long value) {
    return value << 32 >> 32;
  }

  private static List<Pair> singles() {
    Format f = Format.BINARY32;
    return List.of(
        new Pair(
            "add",
            (e, a, b, c) -> wide(F32.add(e, (int) a, (int) b)),
            (e, a, b, c) -> SoftFloat.add(e, f, a, b)),
        new Pair(
            "sub",
            (e, a, b, c) -> wide(F32.sub(e, (int) a, (int) b)),
            (e, a, b, c) -> SoftFloat.sub(e, f, a, b)),
        new Pair(
            "mul",
            (e, a, b, c) -> wide(F32.mul(e, (int) a, (int) b)),
            (e, a, b, c) -> SoftFloat.mul(e, f, a, b)),
        new Pair(
            "div",
            (e, a, b, c) -> wide(F32.div(e, (int) a, (int) b)),
            (e, a, b, c) -> SoftFloat.div(e, f, a, b)),
        new Pair(
            "sqrt",
            (e, a, b, c) -> wide(F32.sqrt(e, (int) a)),
            (e, a, b, c) -> SoftFloat.sqrt(e, f, a)),
        new Pair(
            "fma",
            (e, a, b, c) -> wide(F32.fma(e, (int) a, (int) b, (int) c)),
            (e, a, b, c) -> SoftFloat.fma(e, f, a, b, c)),
        new Pair(
            "compareQuiet",
            (e, a, b, c) -> F32.compareQuiet(e, (int) a, (int) b),
            (e, a, b, c) -> SoftFloat.compareQuiet(e, f, a, b)),
        new Pair(
            "compareSignaling",
            (e, a, b, c) -> F32.compareSignaling(e, (int) a, (int) b),
            (e, a, b, c) -> SoftFloat.compareSignaling(e, f, a, b)),
        new Pair(
            "toInt32",
            (e, a, b, c) -> F32.toInt32(e, (int) a),
            (e, a, b, c) -> SoftFloat.toSigned(e, f, a, 32, 0)),
        new Pair(
            "toInt64",
            (e, a, b, c) -> F32.toInt64(e, (int) a),
            (e, a, b, c) -> SoftFloat.toSigned(e, f, a, 64, 0)),
        new Pair(
            "fromInt32",
            (e, a, b, c) -> wide(F32.fromInt32(e, (int) a)),
            (e, a, b, c) -> SoftFloat.fromSigned(e, f, signed(a), 0)),
        new Pair(
            "fromUint32",
            (e, a, b, c) -> wide(F32.fromUint32(e, (int) a)),
            (e, a, b, c) -> SoftFloat.fromUnsigned(e, f, a, 0)),
        new Pair(
            "toF64",
            (e, a, b, c) -> F32.toF64(e, (int) a),
            (e, a, b, c) -> SoftFloat.convert(e, f, Format.BINARY64, a)));
  }

  private static List<Pair> doubles() {
    Format f = Format.BINARY64;
    return List.of(
        new Pair(
            "add", (e, a, b, c) -> F64.add(e, a, b), (e, a, b, c) -> SoftFloat.add(e, f, a, b)),
        new Pair(
            "sub", (e, a, b, c) -> F64.sub(e, a, b), (e, a, b, c) -> SoftFloat.sub(e, f, a, b)),
        new Pair(
            "mul", (e, a, b, c) -> F64.mul(e, a, b), (e, a, b, c) -> SoftFloat.mul(e, f, a, b)),
        new Pair(
            "div", (e, a, b, c) -> F64.div(e, a, b), (e, a, b, c) -> SoftFloat.div(e, f, a, b)),
        new Pair("sqrt", (e, a, b, c) -> F64.sqrt(e, a), (e, a, b, c) -> SoftFloat.sqrt(e, f, a)),
        new Pair(
            "compareQuiet",
            (e, a, b, c) -> F64.compareQuiet(e, a, b),
            (e, a, b, c) -> SoftFloat.compareQuiet(e, f, a, b)),
        new Pair(
            "compareSignaling",
            (e, a, b, c) -> F64.compareSignaling(e, a, b),
            (e, a, b, c) -> SoftFloat.compareSignaling(e, f, a, b)),
        new Pair(
            "toInt32",
            (e, a, b, c) -> F64.toInt32(e, a),
            (e, a, b, c) -> SoftFloat.toSigned(e, f, a, 32, 0)),
        new Pair(
            "toInt64",
            (e, a, b, c) -> F64.toInt64(e, a),
            (e, a, b, c) -> SoftFloat.toSigned(e, f, a, 64, 0)),
        new Pair(
            "fromInt32",
            (e, a, b, c) -> F64.fromInt32(e, (int) a),
            (e, a, b, c) -> SoftFloat.fromSigned(e, f, signed(a), 0)),
        new Pair(
            "fromUint32",
            (e, a, b, c) -> F64.fromUint32(e, (int) a),
            (e, a, b, c) -> SoftFloat.fromUnsigned(e, f, low(a), 0)),
        new Pair(
            "fromInt64",
            (e, a, b, c) -> F64.fromInt64(e, a >> (int) (b & 63)),
            (e, a, b, c) -> SoftFloat.fromSigned(e, f, a >> (int) (b & 63), 0)),
        new Pair(
            "fromUint64",
            (e, a, b, c) -> F64.fromUint64(e, a >>> (int) (b & 63)),
            (e, a, b, c) -> SoftFloat.fromUnsigned(e, f, a >>> (int) (b & 63), 0)),
        new Pair(
            "singleFromInt64",
            (e, a, b, c) -> wide(F32.fromInt64(e, a >> (int) (b & 63))),
            (e, a, b, c) -> SoftFloat.fromSigned(e, Format.BINARY32, a >> (int) (b & 63), 0)),
        new Pair(
            "singleFromUint64",
            (e, a, b, c) -> wide(F32.fromUint64(e, a >>> (int) (b & 63))),
            (e, a, b, c) -> SoftFloat.fromUnsigned(e, Format.BINARY32, a >>> (int) (b & 63), 0)),
        new Pair(
            "toF32",
            (e, a, b, c) -> wide(F64.toF32(e, a)),
            (e, a, b, c) -> SoftFloat.convert(e, f, Format.BINARY32, a)));
  }
}
