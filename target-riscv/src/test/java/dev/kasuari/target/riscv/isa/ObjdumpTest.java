package dev.kasuari.target.riscv.isa;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
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

  private static final Set<KnownDifference> ONLY_RV32 = EnumSet.of(KnownDifference.RESERVED_SHIFT);
  private static final Set<KnownDifference> ONLY_ALIASES =
      Set.of(
          KnownDifference.IMMEDIATE_ALIAS, KnownDifference.HINT_ALIAS, KnownDifference.MOVE_ALIAS);

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
  void agreesOnTwentyThousandOfEveryPattern(int xlen) throws IOException {
    int[] words = IntStream.concat(systematic(), random(xlen, 20_000)).toArray();
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

  private Set<KnownDifference> compare(int[] words, int xlen, boolean aliases) throws IOException {
    var seen = EnumSet.noneOf(KnownDifference.class);
    var unexplained = new ArrayList<String>();
    // Slices keep the texts of millions of words out of memory.
    for (int from = 0; from < words.length; from += 500_000) {
      int[] slice = Arrays.copyOfRange(words, from, Math.min(words.length, from + 500_000));
      compare(slice, xlen, aliases, seen, unexplained);
    }
    assertThat(unexplained).as("%d words, seed %d", words.length, SEED).isEmpty();
    return seen;
  }

  private void compare(
      int[] words, int xlen, boolean aliases, Set<KnownDifference> seen, List<String> unexplained)
      throws IOException {
    long features = features(xlen);
    String[] options = aliases ? new String[0] : new String[] {"-M", "no-aliases"};
    List<String> texts = Objdump.disassemble(directory, words, xlen, options);
    for (int i = 0; i < words.length; i++) {
      String ours =
          Objdump.singleBlanks(RiscvDisassembler.disassemble(4L * i, words[i], features, aliases));
      String theirs = texts.get(i);
      if (!ours.equals(theirs)) {
        int pattern = RiscvDecoder.match(words[i], features);
        String name = pattern < 0 ? "" : RiscvPatterns.name(pattern);
        explain(words[i], name, ours, theirs, seen, unexplained);
      }
    }
  }

  private static void explain(
      int insn,
      String pattern,
      String ours,
      String theirs,
      Set<KnownDifference> seen,
      List<String> unexplained) {
    for (KnownDifference d : KnownDifference.values()) {
      if (d.explains(insn, pattern, ours, theirs)) {
        seen.add(d);
        return;
      }
    }
    if (unexplained.size() < 100) {
      unexplained.add("%08x: we say %s, objdump says %s".formatted(insn, ours, theirs));
    }
  }
}
