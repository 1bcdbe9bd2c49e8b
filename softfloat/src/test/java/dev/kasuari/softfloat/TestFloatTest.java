package dev.kasuari.softfloat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.kasuari.testkit.TestFloat;
import dev.kasuari.testkit.VectorStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Every operation against Berkeley TestFloat's level 1 vectors: results and flags. */
@Tag("guest")
class TestFloatTest {
  private static final Map<Rounding, String> MODES =
      Map.of(
          Rounding.NEAREST_EVEN, "-rnear_even",
          Rounding.TOWARD_ZERO, "-rminMag",
          Rounding.DOWN, "-rmin",
          Rounding.UP, "-rmax",
          Rounding.NEAREST_MAX_MAGNITUDE, "-rnear_maxMag",
          Rounding.ODD, "-rodd");

  /** RISC-V's choices, in every rounding mode, with tininess detected before and after rounding. */
  @TestFactory
  Stream<DynamicTest> riscv() throws IOException {
    Path generator = TestFloat.generator("RISCV");
    List<DynamicTest> tests = new ArrayList<>();
    for (Operation operation : Operation.all()) {
      for (Rounding rounding : Rounding.values()) {
        tests.add(test(generator, operation, FloatEnv.riscv().rounding(rounding)));
        // mulAdd has six million vectors: one mode shows that its tininess is found in the same
        // way.
        if (operation.operands() < 3 || rounding == Rounding.NEAREST_EVEN) {
          FloatEnv before = FloatEnv.riscv().rounding(rounding).tininessBeforeRounding(true);
          tests.add(test(generator, operation, before));
        }
      }
    }
    return tests.stream();
  }

  /**
   * NaN results and integer conversions as x86's SSE makes them. Berkeley's model predates FMA3 and
   * gives the default NaN for zero × infinity + NaN, where the processor gives the addend.
   */
  @TestFactory
  Stream<DynamicTest> x86Sse() throws IOException {
    return choices("8086-SSE", FloatEnv::x86Sse, true);
  }

  /** NaN results as x87's table of larger significands makes them. */
  @TestFactory
  Stream<DynamicTest> x87() throws IOException {
    return choices("8086", () -> FloatEnv.x86Sse().nanRule(NanRule.LARGER_SIGNIFICAND), false);
  }

  /** NaN results and integer conversions as Arm makes them. */
  @TestFactory
  Stream<DynamicTest> arm() throws IOException {
    return choices("ARM-VFPv2", () -> FloatEnv.arm().tininessBeforeRounding(false), false);
  }

  private Stream<DynamicTest> choices(
      String specialization, java.util.function.Supplier<FloatEnv> env, boolean fma)
      throws IOException {
    Path generator = TestFloat.generator(specialization);
    return Operation.all().stream()
        .filter(operation -> fma || operation.operands() < 3)
        .map(operation -> test(generator, operation, env.get().trackSubnormals(false)));
  }

  private static DynamicTest test(Path generator, Operation operation, FloatEnv env) {
    String tininess = env.tininessBeforeRounding() ? "-tininessbefore" : "-tininessafter";
    List<String> command =
        List.of(
            generator.toString(),
            "-level",
            "1",
            MODES.get(env.rounding()),
            tininess,
            "-exact",
            operation.function());
    String name = operation + " " + env.rounding() + " " + tininess;
    return dynamicTest(name, () -> run(command, operation, env));
  }

  private static void run(List<String> command, Operation operation, FloatEnv env)
      throws IOException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    long count = 0;
    try (var in = process.getInputStream()) {
      var vectors = new VectorStream(in);
      while (vectors.hasNext()) {
        long a = vectors.next();
        long b = operation.operands() > 1 ? vectors.next() : 0;
        long c = operation.operands() > 2 ? vectors.next() : 0;
        long result = vectors.next();
        int flags = (int) vectors.next();
        if (operation.operands() < 3
            || env.defaultNanMode()
            || !isInvalidProduct(operation, a, b)) {
          check(operation, env, a, b, c, result, flags);
        }
        count++;
      }
    } finally {
      process.destroy();
    }
    assertThat(count).as("vectors from %s", command).isGreaterThan(300);
  }

  private static boolean isInvalidProduct(Operation operation, long a, long b) {
    Format f =
        switch (operation.function().substring(0, 3)) {
          case "f16" -> Format.BINARY16;
          case "f32" -> Format.BINARY32;
          default -> Format.BINARY64;
        };
    return (f.isZero(a) && f.isInfinite(b)) || (f.isInfinite(a) && f.isZero(b));
  }

  private static void check(
      Operation operation, FloatEnv env, long a, long b, long c, long result, int flags) {
    env.clearFlags();
    long got = operation.body().apply(env, a, b, c);
    int raised = env.flags();
    env.setFlags(FloatEnv.INEXACT);
    long again = operation.body().apply(env, a, b, c);
    if (got != result || raised != flags || again != result) {
      throw new AssertionError(
          "%s(%x, %x, %x) in %s is %x flags %x; got %x flags %x, and %x once inexact is raised"
              .formatted(operation, a, b, c, env, result, flags, got, raised, again));
    }
    if (env.flags() != (flags | FloatEnv.INEXACT)) {
      throw new AssertionError(
          "%s(%x, %x, %x) in %s raises %x; with inexact raised already, %x"
              .formatted(operation, a, b, c, env, flags, env.flags()));
    }
  }
}
