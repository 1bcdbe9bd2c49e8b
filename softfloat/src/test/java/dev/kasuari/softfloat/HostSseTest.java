package dev.kasuari.softfloat;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@link FloatEnv#x86Sse()} against the processor under the test: NaNs, DAZ, FTZ, the denormal flag
 * and all rounding modes, as the hardware has them. Only on x86-64 hosts.
 */
@Tag("guest")
class HostSseTest {
  private static final int ROUNDS = 8_000;
  private static final long SEED = 0x5eed;

  @Test
  void agreesWithTheProcessor(@TempDir Path directory) throws Exception {
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "needs an x86-64 host");
    System.out.println("seed " + SEED);
    Process vectors =
        new ProcessBuilder(compile(directory).toString(), "" + ROUNDS, "" + SEED)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    long count = 0;
    try (var in =
        new BufferedReader(
            new InputStreamReader(vectors.getInputStream(), StandardCharsets.US_ASCII))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        check(line);
        count++;
      }
    }
    assertThat(vectors.waitFor()).isZero();
    assertThat(count).isGreaterThan(ROUNDS * 16L * 28);
  }

  private static Path compile(Path directory) throws IOException, InterruptedException {
    Path source = directory.resolve("sse-vectors.c");
    try (InputStream in = HostSseTest.class.getResourceAsStream("sse-vectors.c")) {
      assertThat(in).isNotNull();
      Files.copy(in, source);
    }
    Path program = directory.resolve("sse-vectors");
    Process gcc;
    try {
      gcc =
          new ProcessBuilder(
                  "gcc", "-O1", "-mfma", "-msse4.1", "-o", program.toString(), source.toString())
              .inheritIO()
              .start();
    } catch (IOException e) {
      throw new IllegalStateException("the host's SSE vectors need gcc on PATH", e);
    }
    assertThat(gcc.waitFor()).as("gcc's exit status").isZero();
    return program;
  }

  private static void check(String line) {
    String[] fields = line.split(" ", -1);
    int csr = Integer.parseInt(fields[1], 16);
    FloatEnv env = env(csr);
    long a = Long.parseUnsignedLong(fields[2], 16);
    long b = Long.parseUnsignedLong(fields[3], 16);
    long c = Long.parseUnsignedLong(fields[4], 16);
    long result = Long.parseUnsignedLong(fields[5], 16);
    int flags = Integer.parseInt(fields[6], 16);
    Operation.Body operation = requireNonNull(OPERATIONS.get(fields[0]), fields[0]);
    long got = operation.apply(env, a, b, c);
    if (got != result || mxcsr(env.flags()) != flags) {
      throw new AssertionError(
          "the processor says %s, softfloat %x flags %x".formatted(line, got, mxcsr(env.flags())));
    }
  }

  /** The environment of an MXCSR value (SDM volume 1, 10.2.3). */
  private static FloatEnv env(int csr) {
    Rounding rounding =
        switch (csr >> 13 & 3) {
          case 0 -> Rounding.NEAREST_EVEN;
          case 1 -> Rounding.DOWN;
          case 2 -> Rounding.UP;
          default -> Rounding.TOWARD_ZERO;
        };
    boolean flushToZero = (csr & 0x8000) != 0;
    return FloatEnv.x86Sse()
        .rounding(rounding)
        .flushInputs((csr & 0x40) != 0)
        .flushOutputs(flushToZero ? FlushToZero.UNDERFLOW_AND_INEXACT : FlushToZero.OFF);
  }

  /** Our flags in the order of MXCSR: IE, DE, ZE, OE, UE, PE. */
  private static int mxcsr(int flags) {
    return ((flags & FloatEnv.INVALID) != 0 ? 1 : 0)
        | ((flags & FloatEnv.SUBNORMAL_USED) != 0 ? 2 : 0)
        | ((flags & FloatEnv.DIVBYZERO) != 0 ? 4 : 0)
        | ((flags & FloatEnv.OVERFLOW) != 0 ? 8 : 0)
        | ((flags & FloatEnv.UNDERFLOW) != 0 ? 16 : 0)
        | ((flags & FloatEnv.INEXACT) != 0 ? 32 : 0);
  }

  private static final Map<String, Operation.Body> OPERATIONS =
      Map.ofEntries(
          Map.entry("f32_add", (e, a, b, c) -> wide(F32.add(e, (int) a, (int) b))),
          Map.entry("f32_sub", (e, a, b, c) -> wide(F32.sub(e, (int) a, (int) b))),
          Map.entry("f32_mul", (e, a, b, c) -> wide(F32.mul(e, (int) a, (int) b))),
          Map.entry("f32_div", (e, a, b, c) -> wide(F32.div(e, (int) a, (int) b))),
          Map.entry("f32_min", (e, a, b, c) -> wide(F32.minElseSecond(e, (int) a, (int) b))),
          Map.entry("f32_max", (e, a, b, c) -> wide(F32.maxElseSecond(e, (int) a, (int) b))),
          Map.entry("f32_sqrt", (e, a, b, c) -> wide(F32.sqrt(e, (int) a))),
          Map.entry("f32_round", (e, a, b, c) -> wide(F32.roundToIntegral(e, (int) a, true))),
          Map.entry("f32_nearbyint", (e, a, b, c) -> wide(F32.roundToIntegral(e, (int) a, false))),
          Map.entry("f32_to_f64", (e, a, b, c) -> F32.toF64(e, (int) a)),
          Map.entry("f32_ucomi", (e, a, b, c) -> F32.compareQuiet(e, (int) a, (int) b)),
          Map.entry("f32_comi", (e, a, b, c) -> F32.compareSignaling(e, (int) a, (int) b)),
          Map.entry("f32_to_i32", (e, a, b, c) -> F32.toInt32(e, (int) a)),
          Map.entry("f32_to_i64", (e, a, b, c) -> F32.toInt64(e, (int) a)),
          Map.entry("f32_fma", (e, a, b, c) -> wide(F32.fma(e, (int) a, (int) b, (int) c))),
          Map.entry("f64_add", (e, a, b, c) -> F64.add(e, a, b)),
          Map.entry("f64_sub", (e, a, b, c) -> F64.sub(e, a, b)),
          Map.entry("f64_mul", (e, a, b, c) -> F64.mul(e, a, b)),
          Map.entry("f64_div", (e, a, b, c) -> F64.div(e, a, b)),
          Map.entry("f64_min", (e, a, b, c) -> F64.minElseSecond(e, a, b)),
          Map.entry("f64_max", (e, a, b, c) -> F64.maxElseSecond(e, a, b)),
          Map.entry("f64_sqrt", (e, a, b, c) -> F64.sqrt(e, a)),
          Map.entry("f64_round", (e, a, b, c) -> F64.roundToIntegral(e, a, true)),
          Map.entry("f64_nearbyint", (e, a, b, c) -> F64.roundToIntegral(e, a, false)),
          Map.entry("f64_to_f32", (e, a, b, c) -> wide(F64.toF32(e, a))),
          Map.entry("f64_ucomi", (e, a, b, c) -> F64.compareQuiet(e, a, b)),
          Map.entry("f64_comi", (e, a, b, c) -> F64.compareSignaling(e, a, b)),
          Map.entry("f64_to_i32", (e, a, b, c) -> F64.toInt32(e, a)),
          Map.entry("f64_to_i64", (e, a, b, c) -> F64.toInt64(e, a)),
          Map.entry("f64_fma", (e, a, b, c) -> F64.fma(e, a, b, c)));

  private static long wide(int bits) {
    return bits & 0xffff_ffffL;
  }
}
