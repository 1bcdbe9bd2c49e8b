package dev.kasuari.tcg.x86_64;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.testkit.TestFloat;
import dev.kasuari.testkit.VectorStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Emitted floating point against Berkeley TestFloat's level 1 vectors: results and flags. */
@Tag("guest")
class FloatVectorsTest {
  /** By softfloat's number, which is RISC-V's. */
  private static final List<String> MODES =
      List.of("-rnear_even", "-rminMag", "-rmin", "-rmax", "-rnear_maxMag");

  private static final int DYNAMIC = 7;

  @BeforeEach
  void hostIsX86() {
    assumeTrue(X86BackEnd.available(), "the back end needs Linux on x86-64");
  }

  /** TestFloat's functions and our rows. */
  private static Map<String, FloatRow> functions() {
    Map<String, FloatRow> rows =
        FloatRow.all().stream().collect(Collectors.toMap(FloatRow::name, Function.identity()));
    Map<String, FloatRow> all = new LinkedHashMap<>();
    for (String f : List.of("f16", "f32", "f64")) {
      for (String op : List.of("add", "sub", "mul", "div", "sqrt")) {
        all.put(f + "_" + op, rows.get("f" + op + " " + f));
      }
      all.put(f + "_mulAdd", rows.get("fma " + f));
      all.put(f + "_roundToInt", rows.get("frint " + f + " inexact"));
      all.put(f + "_eq", rows.get("fcmp " + f + " eq"));
      all.put(f + "_eq_signaling", rows.get("fcmp " + f + " eq signaling"));
      for (String relation : List.of("lt", "le")) {
        all.put(f + "_" + relation, rows.get("fcmp " + f + " " + relation + " signaling"));
        all.put(f + "_" + relation + "_quiet", rows.get("fcmp " + f + " " + relation));
      }
      for (String i : List.of("i32", "ui32", "i64", "ui64")) {
        String ours = f + " " + i.replace("ui", "u");
        all.put(f + "_to_" + i, rows.get("ftoi " + ours + (i.endsWith("32") ? " in i32" : "")));
        all.put(i + "_to_" + f, rows.get("itof " + ours));
      }
      for (String to : List.of("f16", "f32", "f64")) {
        if (!to.equals(f)) {
          all.put(f + "_to_" + to, rows.get("fcvt " + f + ">" + to));
        }
      }
    }
    return all;
  }

  @TestFactory
  Stream<DynamicTest> riscv() throws IOException {
    Path generator = TestFloat.generator("RISCV");
    List<DynamicTest> tests = new ArrayList<>();
    functions()
        .forEach((function, row) -> {
          for (int mode = 0; mode < MODES.size(); mode++) {
            // mulAdd has six million vectors.
            if (mode == 0 || row.operands() < 3) {
              tests.add(test(generator, function, row, DYNAMIC, mode, FloatEnv.riscv()));
            }
            if (row.operands() == 1) {
              tests.add(test(generator, function, row, mode, mode, FloatEnv.riscv()));
            }
          }
        });
    return tests.stream();
  }

  /** Arm finds results tiny before it rounds them. */
  @TestFactory
  Stream<DynamicTest> tinyBeforeRounding() throws IOException {
    Path generator = TestFloat.generator("RISCV");
    return functions().entrySet().stream()
        .filter(e -> e.getKey().matches(".*_(mul|div)|f64_to_f32|f32_to_f16"))
        .map(e -> {
          FloatEnv env = FloatEnv.riscv().tininessBeforeRounding(true);
          return test(generator, e.getKey(), e.getValue(), DYNAMIC, 0, env);
        });
  }

  private static DynamicTest test(
      Path generator, String function, FloatRow row, int instruction, int mode, FloatEnv env) {
    String tininess = env.tininessBeforeRounding() ? "-tininessbefore" : "-tininessafter";
    List<String> command =
        List.of(generator.toString(), "-level", "1", MODES.get(mode), tininess, "-exact", function);
    String name = function + " " + MODES.get(mode) + " " + tininess;
    return DynamicTest.dynamicTest(
        instruction == DYNAMIC ? name : name + " static",
        () -> {
          try (var harness = new FloatHarness(env, CpuFeatures.probe(), 0)) {
            if (harness.prepare(row.rounding(instruction))) {
              run(harness, command, row, mode);
            }
          }
        });
  }

  private static void run(FloatHarness harness, List<String> command, FloatRow row, int mode)
      throws IOException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try (var in = process.getInputStream()) {
      var vectors = new VectorStream(in);
      while (vectors.hasNext()) {
        batch(harness, vectors, row, mode);
      }
    } finally {
      process.destroy();
    }
    assertThat(harness.count).as("vectors from %s", command).isGreaterThan(300);
    if (mode <= 3) {
      assertThat(harness.slow).as("%s in software", row).isLessThan(harness.count);
    }
  }

  private static void batch(FloatHarness harness, VectorStream vectors, FloatRow row, int mode)
      throws IOException {
    int number = 0;
    long[] expected = new long[FloatHarness.BATCH];
    int[] flags = new int[FloatHarness.BATCH];
    for (; number < FloatHarness.BATCH && vectors.hasNext(); number++) {
      long a = vectors.next();
      long b = row.operands() > 1 ? vectors.next() : 0;
      long c = row.operands() > 2 ? vectors.next() : 0;
      harness.put(number, a, b, c, 0, 0, mode);
      expected[number] = vectors.next();
      flags[number] = (int) vectors.next();
    }
    harness.run(number);
    for (int i = 0; i < number; i++) {
      if (!harness.matches(i, expected[i], flags[i])) {
        throw new AssertionError(harness.difference(i));
      }
    }
  }
}
