package dev.kasuari.tcg.x86_64;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.TestCpu;
import dev.kasuari.tcg.TestGuest;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.RandomVector;
import dev.kasuari.tcg.ir.VectorDesc;
import dev.kasuari.tcg.ir.VectorOp;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every vector operation does in machine code what its definition does. */
@Tag("fast")
class VectorCodeTest {
  private static final int TIMES = 60;
  private static final int FLAG = TestCpu.X.at(31);

  @BeforeEach
  void hostCanRunIt() {
    assumeTrue(X86BackEnd.available(), "the back end needs Linux on x86-64");
  }

  static Stream<Named<CpuFeatures>> hosts() {
    CpuFeatures all = CpuFeatures.probe();
    return Stream.of(
        Named.of("all that there is", all),
        Named.of("without sse4_2", all.without(CpuFeature.SSE4_2)),
        Named.of("without aes and pclmul", all.without(CpuFeature.AES, CpuFeature.PCLMUL)),
        Named.of("without sha", all.without(CpuFeature.SHA)),
        Named.of("without sse4_1", all.without(CpuFeature.SSE4_1)));
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void operationsDoTheSame(CpuFeatures features) {
    long seed = 20_261_122;
    var random = new SplittableRandom(seed);
    var vectors = new RandomVector(random, TestCpu.X, FLAG);
    try (var guest = new TestGuest(FloatEnv.arm());
        var backEnd = new X86BackEnd(FloatEnv.arm(), 16 << 20, features)) {
      for (VectorOp op : VectorOp.values()) {
        for (int i = 0; i < TIMES; i++) {
          compare(guest, backEnd, random, vectors.any(op), seed);
        }
      }
    }
  }

  private static void compare(
      TestGuest guest, X86BackEnd backEnd, SplittableRandom random, VectorDesc desc, long seed) {
    IrUnit unit = TestGuest.between(e -> e.vector(desc));
    GuestState state = guest.cpu.state();
    long[] registers = new long[TestCpu.X.count()];
    for (int i = 0; i < registers.length; i++) {
      registers[i] = lanes(random);
      guest.x(i, registers[i]);
    }
    guest.context().vectors().apply(desc);
    long[] expected = new long[registers.length];
    for (int i = 0; i < registers.length; i++) {
      expected[i] = guest.x(i);
      guest.x(i, registers[i]);
    }
    // What the unit does beside it: see TestGuest.between.
    guest.x(1, registers[1]);
    state.set(TestCpu.X, 1, registers[1] - 1);
    guest.run(backEnd, unit, TestGuest.RAM);
    state.set(TestCpu.X, 2, guest.x(2) - 1);
    for (int i = 0; i < registers.length; i++) {
      assertThat(guest.x(i))
          .as("seed %d, x%d after %s", seed, i, desc.describe())
          .isEqualTo(expected[i]);
    }
  }

  /** Lanes of some size, which are often at the ends of what they can be, or small. */
  private static long lanes(SplittableRandom random) {
    int bits = 8 << random.nextInt(4);
    long mask = -1L >>> (64 - bits);
    long lanes = 0;
    for (int at = 0; at < 64; at += bits) {
      long lane =
          switch (random.nextInt(4)) {
            case 0 -> random.nextInt(-3, 20);
            case 1 -> (1L << (bits - 1)) + random.nextInt(-2, 2);
            default -> random.nextLong();
          };
      lanes |= (lane & mask) << at;
    }
    return lanes;
  }
}
