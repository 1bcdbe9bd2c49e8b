package dev.kasuari.tcg.x86_64;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.CodeImage;
import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.Exit;
import dev.kasuari.tcg.RandomPrograms;
import dev.kasuari.tcg.RowByRow;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.interp.Evaluator;
import dev.kasuari.tcg.interp.Interpreter;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Optimizer;
import dev.kasuari.tcg.ir.RandomProgram;
import dev.kasuari.tcg.ir.Verifier;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random programs do in machine code what their rows say, and what the interpreter does. */
@Tag("fast")
class DifferentialTest {
  /** Everything that computes, and what it is computed from. */
  private static final Set<Op> ALL = EnumSet.copyOf(RandomProgram.ALL);

  private static final Set<Op> INTEGERS = EnumSet.copyOf(RandomProgram.ALL);

  /** What code may be made of where the host has it. */
  private static final Set<CpuFeature> ASKED =
      EnumSet.of(
          CpuFeature.BMI1,
          CpuFeature.BMI2,
          CpuFeature.LZCNT,
          CpuFeature.POPCNT,
          CpuFeature.MOVBE,
          CpuFeature.CX16,
          CpuFeature.SSE4_1,
          CpuFeature.SSE4_2,
          CpuFeature.PCLMUL,
          CpuFeature.AES,
          CpuFeature.FMA,
          CpuFeature.F16C,
          CpuFeature.AVX,
          CpuFeature.AVX2);

  static {
    ALL.removeIf(op -> op.is(Op.Trait.TERMINATOR) && op != Op.BRFLAGS);
    INTEGERS.removeIf(op -> op.is(Op.Trait.TERMINATOR) || op.is(Op.Trait.FP) || op == Op.FCLASS);
  }

  /** The optimised unit, interpreted. */
  private static final class OptimizedInterpreter implements BackEnd {
    private final Interpreter interpreter = new Interpreter();

    @Override
    public String name() {
      return "optimized";
    }

    @Override
    public CompiledCode compile(IrUnit unit, int pageOffset) {
      IrUnit optimized = Optimizer.optimize(unit, Evaluator::evaluate);
      Verifier.verify(optimized);
      return interpreter.compile(optimized, pageOffset);
    }

    @Override
    public Exit run(ExecutionContext context, TranslationBlock block, long pc) {
      return interpreter.run(context, block, pc);
    }

    @Override
    public void close() {
      interpreter.close();
    }
  }

  /** What one back end compiled, run by another one, as if it came from an archive. */
  private static final class MovingBackEnd implements BackEnd {
    private final X86BackEnd from = new X86BackEnd(FloatEnv.riscv(), 16 << 20);
    private final X86BackEnd to = new X86BackEnd(FloatEnv.riscv(), 16 << 20);
    private final CodeImage image = new CodeImage();
    private int moved;

    @Override
    public String name() {
      return "moved";
    }

    @Override
    public CompiledCode compile(IrUnit unit, int pageOffset) {
      while (from.compile(unit, pageOffset, image) == null) {
        from.reclaim();
      }
      moved += image.isEmpty() ? 0 : 1;
      CompiledCode there = place(unit, pageOffset);
      while (there == null) {
        to.reclaim();
        there = place(unit, pageOffset);
      }
      return there;
    }

    private @Nullable CompiledCode place(IrUnit unit, int pageOffset) {
      return image.isEmpty() ? to.compile(unit, pageOffset) : to.restore(image, pageOffset);
    }

    @Override
    public Exit run(ExecutionContext context, TranslationBlock block, long pc) {
      return to.run(context, block, pc);
    }

    @Override
    public void close() {
      from.close();
      to.close();
    }
  }

  @BeforeEach
  void hostCanRunIt() {
    assumeTrue(X86BackEnd.available(), "the back end needs Linux on x86-64");
  }

  private static void compare(RandomPrograms programs) {
    try (var rows = new RowByRow();
        var interp = new Interpreter();
        var optimized = new OptimizedInterpreter();
        var machine = new X86BackEnd(FloatEnv.riscv(), 16 << 20)) {
      programs.compare(List.of(rows, interp, optimized, machine), unit -> {});
    }
  }

  @Test
  void integerProgramsDoTheSame() {
    compare(new RandomPrograms(1_000_000, 1_000, INTEGERS));
  }

  @Test
  void programsOfEverythingDoTheSame() {
    compare(new RandomPrograms(2_000_000, 1_000, ALL));
  }

  @Test
  void programsUnderRegisterPressureDoTheSame() {
    compare(RandomPrograms.underPressure(3_000_000, 400, ALL));
  }

  @Test
  void movedCodeDoesTheSame() {
    try (var interp = new Interpreter();
        var moving = new MovingBackEnd()) {
      assertThat(moving.from.archiveKey()).isEqualTo(moving.to.archiveKey());
      for (RandomPrograms programs :
          List.of(
              new RandomPrograms(5_000_000, 500, ALL),
              RandomPrograms.underPressure(6_000_000, 200, ALL))) {
        programs.compare(List.of(interp, moving), unit -> {});
      }
      assertThat(moving.moved).isGreaterThan(300);
    }
  }

  /** Each of those features off by itself, and all there are. */
  static Stream<Named<CpuFeatures>> hosts() {
    CpuFeatures all = CpuFeatures.probe();
    Stream<Named<CpuFeatures>> each =
        ASKED.stream()
            .filter(all::has)
            .map(feature -> Named.of("without " + feature.label(), all.without(feature)));
    return Stream.concat(each, Stream.of(Named.of("with none", CpuFeatures.of())));
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void hostsThatCanDoLessDoTheSame(CpuFeatures features) {
    long seed = 4_000_000;
    List<RandomPrograms> all =
        List.of(
            new RandomPrograms(seed, 80, INTEGERS),
            new RandomPrograms(seed, 60, ALL),
            RandomPrograms.underPressure(seed, 40, ALL));
    try (var interp = new Interpreter();
        var machine = new X86BackEnd(FloatEnv.riscv(), 16 << 20, features)) {
      machine.expectSeveralCpus();
      all.forEach(programs -> programs.compare(List.of(interp, machine), unit -> {}));
    }
  }
}
