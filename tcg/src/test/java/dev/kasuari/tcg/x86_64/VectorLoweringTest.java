package dev.kasuari.tcg.x86_64;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.tcg.TestCpu;
import dev.kasuari.tcg.ir.RandomVector;
import dev.kasuari.tcg.ir.VectorDesc;
import dev.kasuari.tcg.ir.VectorOp;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Which vector operations are host instructions is written down in {@code vector-operations.txt},
 * so that one which becomes slower shows in a diff: by the lanes of the result, b, h, s and d for
 * 1, 2, 4 and 8 bytes, with and without a sign. Single lanes of less than 8 bytes always leave, but
 * for copies and for what all lanes come to.
 *
 * <p>The most frequent come first. In front is how many there were while Debian 12's installer for
 * arm64 booted, until it looked for devices, as {@code -accel tcg,backend=interp -d vector_ops}
 * counted them. {@code -Dkasuari.vector.counts=LOG} puts the counts of another log into the table
 * that is in {@code target} then.
 */
@Tag("fast")
class VectorLoweringTest {
  /** More than an operation has combinations. */
  private static final int SAMPLES = 4_000;

  private static final String LANES = "bhsd";

  @Test
  void theTableIsWhatIsWrittenDown() throws Exception {
    var lowering = new VectorLowering(CpuFeatures.of(CpuFeature.values()));
    String expected;
    try (var in = VectorLoweringTest.class.getResourceAsStream("vector-operations.txt")) {
      expected = new String(requireNonNull(in).readAllBytes(), UTF_8);
    }
    String log = System.getProperty("kasuari.vector.counts");
    Map<String, Long> counts = counts(log == null ? expected : Files.readString(Path.of(log)));
    ToLongFunction<VectorOp> count = op -> counts.getOrDefault(op.mnemonic(), 0L);
    List<VectorOp> operations = new ArrayList<>(List.of(VectorOp.values()));
    operations.sort(Comparator.comparingLong(count).reversed());
    var text = new StringBuilder();
    for (VectorOp op : operations) {
      String ways = ways(lowering, op);
      text.append("%9d %-10s %s\n".formatted(count.applyAsLong(op), op.mnemonic(), ways));
    }
    Path actual = Files.writeString(Path.of("target", "vector-operations.txt"), text);
    assertThat(text)
        .as("the table, which is also in %s", actual.toAbsolutePath())
        .hasToString(expected);
  }

  /** Of lines with a count and the name of an operation, by that. */
  private static Map<String, Long> counts(String text) {
    var counts = new HashMap<String, Long>();
    Matcher line = Pattern.compile("(?m)^ *([0-9]+) (\\S+)").matcher(text);
    while (line.find()) {
      counts.put(line.group(2), Long.valueOf(line.group(1)));
    }
    return counts;
  }

  private static String ways(VectorLowering lowering, VectorOp op) {
    Set<String> inline = new TreeSet<>();
    Set<String> leaves = new TreeSet<>();
    var vectors = new RandomVector(new SplittableRandom(1), TestCpu.X, TestCpu.X.at(31));
    for (int i = 0; i < SAMPLES; i++) {
      VectorDesc desc = vectors.any(op);
      if (!tells(desc)) {
        continue;
      }
      var ways = lowering.inline(desc) ? inline : leaves;
      ways.add(shape(desc));
    }
    if (leaves.isEmpty()) {
      return "inline";
    }
    return inline.isEmpty() ? "Java" : "inline" + text(inline) + ", Java" + text(leaves);
  }

  /** Whether instructions have such lanes, and the table is to say what becomes of them. */
  private static boolean tells(VectorDesc desc) {
    return switch (desc.op()) {
      case ADDV, MAXV, MINV -> desc.max() == 16;
      default ->
          switch (desc.form()) {
            case LONG, WIDE -> desc.bytes() == 16;
            case SAME, NARROW -> desc.bytes() >= 8;
          };
    };
  }

  private static String shape(VectorDesc desc) {
    String form = desc.form() == VectorDesc.Form.SAME ? "" : desc.form() + " ";
    return form.toLowerCase(Locale.ROOT)
        + (desc.signed() ? "s" : "u")
        + LANES.charAt(desc.sizeOfD());
  }

  /** Those with and without a sign together. */
  private static String text(Set<String> shapes) {
    var text = new StringBuilder();
    for (String shape : shapes) {
      int at = shape.length() - 2;
      String other =
          shape.substring(0, at) + (shape.charAt(at) == 's' ? "u" : "s") + shape.charAt(at + 1);
      boolean both = shapes.contains(other);
      if (!both) {
        text.append(' ').append(shape);
      } else if (shape.charAt(at) == 's') {
        text.append(' ').append(shape, 0, at).append(shape.charAt(at + 1));
      }
    }
    return text.toString();
  }
}
