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
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Which vector operations are host instructions is written down in {@code vector-operations.txt},
 * so that one which becomes slower shows in a diff: by the lanes of the result, b, h, s and d for
 * 1, 2, 4 and 8 bytes, with and without a sign. Single lanes of less than 8 bytes always leave, but
 * for copies and for what all lanes come to.
 */
@Tag("fast")
class VectorLoweringTest {
  /** More than an operation has combinations. */
  private static final int SAMPLES = 4_000;

  private static final String LANES = "bhsd";

  @Test
  void theTableIsWhatIsWrittenDown() throws Exception {
    var lowering = new VectorLowering(CpuFeatures.of(CpuFeature.values()));
    List<String> table = new ArrayList<>();
    for (VectorOp op : VectorOp.values()) {
      table.add("%-10s %s".formatted(op.mnemonic(), ways(lowering, op)));
    }
    String text = String.join("\n", table) + "\n";
    Path actual = Files.writeString(Path.of("target", "vector-operations.txt"), text);
    try (var in = VectorLoweringTest.class.getResourceAsStream("vector-operations.txt")) {
      String expected = new String(requireNonNull(in).readAllBytes(), UTF_8);
      assertThat(text)
          .as("the table, which is also in %s", actual.toAbsolutePath())
          .isEqualTo(expected);
    }
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
