package dev.kasuari.target.arm.isa;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.testkit.DisassemblyComparison;
import dev.kasuari.testkit.Objdump;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Binutils is the second opinion on what bits mean: random encodings of every pattern, their
 * neighbours at a distance of one or two bits, random words.
 */
class ObjdumpTest {
  private static final long SEED = 20251;

  /** Words of every pattern. */
  private static final int WORDS = Integer.getInteger("kasuari.objdump.words", 4_000);

  private static final Objdump OBJDUMP = new Objdump("aarch64-linux-gnu-objdump", "//");

  private static final Set<A64Difference> ONLY_ALIASES =
      EnumSet.of(A64Difference.NXS, A64Difference.REGISTER_IGNORED);

  @TempDir private Path directory;

  @Tag("fast")
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void agreesOnASample(boolean aliases) throws IOException {
    compare(random(20).toArray(), aliases);
  }

  @Tag("guest")
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void agreesOnThousandsOfEveryPattern(boolean aliases) throws IOException {
    int[] words = IntStream.concat(system(), random(WORDS)).toArray();
    var expected = EnumSet.allOf(A64Difference.class);
    expected.removeAll(aliases ? Set.of() : ONLY_ALIASES);
    assertThat(compare(words, aliases))
        .as("differences that still exist")
        .containsExactlyInAnyOrderElementsOf(expected);
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
        "%d different words of a kernel, %d of busybox%n",
        code.kernel().length, code.busybox().length);
    compare(code.kernel(), aliases);
    compare(code.busybox(), aliases);
  }

  /** Every system instruction with register 1 or none. */
  private static IntStream system() {
    return IntStream.range(0, 1 << 17)
        .map(i -> 0xd500_0001 | i << 5)
        .flatMap(word -> IntStream.of(word, word | 31));
  }

  /** So many of every pattern, some neighbours, and a hundred times as many words. */
  private static IntStream random(int count) {
    var random = new Random(SEED);
    var generator = new A64Generator(random, A64DecoderTest.ALL);
    var patterns =
        generator.patterns().stream()
            .flatMapToInt(p -> IntStream.range(0, count).map(i -> generator.encode(p)))
            .flatMap(word ->
                random.nextInt(8) == 0
                    ? IntStream.of(word, neighbour(word, random))
                    : IntStream.of(word));
    return IntStream.concat(patterns, IntStream.generate(random::nextInt).limit(100L * count));
  }

  private static int neighbour(int word, Random random) {
    return word ^ 1 << random.nextInt(32) ^ (random.nextBoolean() ? 1 << random.nextInt(32) : 0);
  }

  private Set<A64Difference> compare(int[] words, boolean aliases) throws IOException {
    return new DisassemblyComparison<>(
            new Ours(aliases), slice -> objdump(slice, aliases), A64Difference.class)
        .compare(words, "seed " + SEED);
  }

  private List<String> objdump(int[] words, boolean aliases) throws IOException {
    var bytes = ByteBuffer.allocate(4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(words);
    Path file = Files.write(directory.resolve("words.bin"), bytes.array());
    var options = new ArrayList<>(List.of("-D", "-z", "-b", "binary", "-m", "aarch64"));
    if (!aliases) {
      options.addAll(List.of("-M", "no-aliases"));
    }
    return OBJDUMP.disassemble(file, words.length, options);
  }

  private record Ours(boolean aliases) implements DisassemblyComparison.Disassembler {
    @Override
    public String text(long address, int insn) {
      return A64Disassembler.disassemble(address, insn, A64DecoderTest.ALL, aliases);
    }

    @Override
    public String pattern(int insn) {
      int pattern = A64Decoder.match(insn, A64DecoderTest.ALL);
      return pattern < 0 ? "" : A64Patterns.name(pattern);
    }
  }
}
