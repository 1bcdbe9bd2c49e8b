package dev.kasuari.block.luks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
import dev.kasuari.block.ImageAmender;
import dev.kasuari.block.qcow2.Qcow2Driver;
import dev.kasuari.block.testing.RecordingNode;
import dev.kasuari.block.testing.TestImages;
import dev.kasuari.qapi.OptionSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Cuts the power while passwords come and go: one that stays opens the disk at any time. */
@Tag("fast")
class KeySlotCrashTest {
  private static final int CUTS = Integer.getInteger("kasuari.block.cuts", 25);
  private static final byte[] DATA =
      "what the disk has".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

  /** Passwords that open the disk from here on, and those that do not. */
  private record Valid(List<String> open, List<String> gone) {}

  @ParameterizedTest
  @ValueSource(strings = {"luks", "qcow2"})
  void aPasswordThatStaysOpensTheDisk(String format) {
    String prefix = format.equals("qcow2") ? "encrypt." : "";
    BlockDriver<?> driver = format.equals("qcow2") ? new Qcow2Driver() : new LuksDriver();
    ImageAmender<?> amender = Objects.requireNonNull(driver.amender());
    var file = new RecordingNode(new byte[0]);
    String options = prefix + "key-secret=a," + prefix + "iter-time=1";
    TestImages.create(
        graph(),
        format,
        file,
        1 << 20,
        prefix.isEmpty() ? options : "encrypt.format=luks," + options);
    with(format, prefix, "a", file, node -> TestImages.write(node, 4096, DATA, 0, DATA.length));
    byte[] start = file.content();
    file.events.clear();
    note(file, List.of("a"), List.of());
    String add = prefix + "state=active," + prefix + "iter-time=1," + prefix + "new-secret=";
    String erase = prefix + "state=inactive," + prefix + "old-secret=";
    with(
        format,
        prefix,
        "a",
        file,
        node -> {
          amend(amender, node, add + "b");
          note(file, List.of("a", "b"), List.of());
        });
    with(
        format,
        prefix,
        "b",
        file,
        node -> {
          note(file, List.of("b"), List.of());
          amend(amender, node, erase + "a");
          note(file, List.of("b"), List.of("a"));
          note(file, List.of("b"), List.of()); // what is asked for next may be there already
          amend(amender, node, add + "a");
          note(file, List.of("a", "b"), List.of());
        });
    for (int seed = 0; seed < CUTS; seed++) {
      var random = new Random(seed);
      int cut = 1 + random.nextInt(file.events.size());
      examine(format, prefix, file.afterCut(start, cut, random), valid(file, cut), cut);
    }
  }

  private static void note(RecordingNode file, List<String> open, List<String> gone) {
    file.note(new Valid(open, gone));
  }

  private static Valid valid(RecordingNode file, int cut) {
    Valid last = new Valid(List.of(), List.of());
    for (RecordingNode.Event event : file.events.subList(0, cut)) {
      if (event instanceof RecordingNode.Note(Valid valid)) {
        last = valid;
      }
    }
    return last;
  }

  private static void examine(String format, String prefix, byte[] left, Valid valid, int cut) {
    for (String password : valid.open) {
      with(
          format,
          prefix,
          password,
          new RecordingNode(left),
          node -> {
            byte[] read = TestImages.read(node, 4096, DATA.length);
            assertThat(read).as("password " + password + ", cut at " + cut).isEqualTo(DATA);
          });
    }
    for (String password : valid.gone) {
      boolean opens = true;
      try {
        with(format, prefix, password, new RecordingNode(left), node -> {});
      } catch (BlockException e) {
        opens = false;
      }
      assertThat(opens).as("password " + password + ", cut at " + cut).isFalse();
    }
  }

  private static <O> void amend(ImageAmender<O> amender, BlockNode node, String words) {
    O options = amender.options().parse(OptionSource.of("-o", words, ""));
    amender.amend(node, options, new ImageAmender.How(graph().secrets(), false, now -> {}));
  }

  private static BlockGraph graph() {
    var graph = new BlockGraph();
    graph.objects().add("", "secret,id=a,data=first");
    graph.objects().add("", "secret,id=b,data=second");
    return graph;
  }

  private static void with(
      String format, String prefix, String secret, RecordingNode file, Consumer<BlockNode> work) {
    BlockGraph graph = graph();
    Access access = Access.write();
    String opening = "driver=" + format + "," + prefix + "key-secret=" + secret;
    BlockNode node = graph.open(OptionSource.of("", opening, ""), access, Map.of("file", file));
    Child use = graph.use("test", node, BlockGraph.takenBy(access), BlockGraph.sharedBy(access));
    try {
      work.accept(node);
    } finally {
      graph.release(use);
    }
  }
}
