package dev.kasuari.target.riscv.isa;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.testkit.DisassemblyComparison;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Binutils is the second opinion on what bits mean: every 16-bit encoding, every register number,
 * random encodings of every pattern, random words.
 */
class ObjdumpTest {
  private static final long SEED = 20240411;

  /** Upper half of a word with a 16-bit instruction: c.nop, so that all words stay in step. */
  static final int FILLER = 0x0001_0000;

  private static final int HINVAL_VVMA = 0x26d0_0073;

  private static final Set<RiscvDifference> ONLY_RV32 = EnumSet.of(RiscvDifference.RESERVED_SHIFT);
  private static final Set<RiscvDifference> ONLY_ALIASES =
      Set.of(
          RiscvDifference.IMMEDIATE_ALIAS, RiscvDifference.HINT_ALIAS, RiscvDifference.MOVE_ALIAS);

  /** Words of every pattern. */
  private static final int WORDS = Integer.getInteger("kasuari.objdump.words", 4_000);

  @TempDir Path directory;

  @Tag("fast")
  @ParameterizedTest
  @ValueSource(ints = {32, 64})
  void agreesOnASample(int xlen) throws IOException {
    compare(random(xlen, 20).toArray(), xlen, false);
  }

  @Tag("guest")
  @ParameterizedTest
  @ValueSource(ints = {32, 64})
  void agreesOnThousandsOfEveryPattern(int xlen) throws IOException {
    int[] words = IntStream.concat(systematic(), random(xlen, WORDS)).toArray();
    var seen = compare(words, xlen, false);
    var expected = EnumSet.complementOf(EnumSet.copyOf(ONLY_ALIASES));
    expected.removeAll(xlen == 32 ? Set.of() : ONLY_RV32);
    assertThat(seen).as("differences that still exist").containsExactlyElementsOf(expected);
  }

  /** Every word there is in a kernel and in busybox, once. */
  @Tag("guest")
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void agreesOnWholePrograms(boolean aliases) throws IOException {
    DebianCode code = DebianCode.fetch();
    assertThat(code.kernel()).hasSizeGreaterThan(300_000);
    assertThat(code.busybox()).hasSizeGreaterThan(30_000);
    System.out.printf(
        "%d different instructions of a kernel, %d of busybox%n",
        code.kernel().length, code.busybox().length);
    compare(code.kernel(), 64, aliases);
    compare(code.busybox(), 64, aliases);
  }

  @Tag("guest")
  @ParameterizedTest
  @ValueSource(ints = {32, 64})
  void agreesWithAliases(int xlen) throws IOException {
    int[] words = IntStream.concat(systematic(), random(xlen, 1000)).toArray();
    assertThat(compare(words, xlen, true)).containsAll(ONLY_ALIASES);
  }

  /** Every 16-bit encoding, an instruction for every register number, and what is rarely met. */
  private static IntStream systematic() {
    return Stream.of(
            IntStream.rangeClosed(0, 0xffff).filter(i -> (i & 3) != 3).map(i -> i | FILLER),
            IntStream.range(0, 4096).map(csr -> RiscvEncoder.csrrs(10, csr, 0)),
            IntStream.of(HINVAL_VVMA))
        .flatMapToInt(words -> words);
  }

  /** So many of every pattern, and a hundred times as many words of which most are nothing. */
  private static IntStream random(int xlen, int count) {
    var random = new Random(SEED);
    var generator = new RiscvGenerator(random, features(xlen));
    var patterns =
        generator.patterns().stream()
            .flatMapToInt(p -> IntStream.range(0, count).map(i -> word(generator, p)));
    // Five ones begin what binutils takes for a longer instruction.
    var words =
        IntStream.generate(() -> random.nextInt() | 3)
            .filter(word -> (word & 0x1f) != 0x1f)
            .limit(100L * count);
    return IntStream.concat(patterns, words);
  }

  private static int word(RiscvGenerator generator, int pattern) {
    int insn = generator.encode(pattern);
    return RiscvPatterns.bytes(pattern) == 2 ? insn | FILLER : insn;
  }

  private static long features(int xlen) {
    return xlen == 32 ? RiscvDecoderTest.RV32 : RiscvDecoderTest.RV64;
  }

  private Set<RiscvDifference> compare(int[] words, int xlen, boolean aliases) throws IOException {
    String[] options = aliases ? new String[0] : new String[] {"-M", "no-aliases"};
    return new DisassemblyComparison<>(
            new Ours(features(xlen), aliases),
            slice -> RiscvObjdump.disassemble(directory, slice, xlen, options),
            RiscvDifference.class)
        .compare(words, "seed " + SEED);
  }

  private record Ours(long features, boolean aliases)
      implements DisassemblyComparison.Disassembler {
    @Override
    public String text(long address, int insn) {
      return RiscvDisassembler.disassemble(address, insn, features, aliases);
    }

    @Override
    public String pattern(int insn) {
      int pattern = RiscvDecoder.match(insn, features);
      return pattern < 0 ? "" : RiscvPatterns.name(pattern);
    }
  }
}
