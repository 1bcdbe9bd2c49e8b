package dev.kasuari.block.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Extent;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Root;
import dev.kasuari.block.testing.RecordingNode;
import dev.kasuari.block.testing.TestImages;
import dev.kasuari.qapi.OptionSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Cuts the power while bytes of a disk move between the images of its chain, or these are named
 * anew: at any time the chain that the upper image then names has the disk.
 */
@Tag("fast")
@Timeout(120)
class JobCrashTest {
  private static final int SIZE = 2 << 20;
  private static final int UNIT = 4096;
  private static final int CUTS = Integer.getInteger("kasuari.block.cuts", 40);
  private static final List<String> CHAIN = List.of("base", "mid", "top");
  private static final Map<String, String> OPTIONS =
      Map.of(
          "qcow2",
          "cluster_size=4096",
          "qed",
          "cluster_size=4096,table_size=1",
          "vhdx",
          "block_size=1M,log_size=1M");

  private final byte[] disk = new byte[SIZE];
  private final Map<String, RecordingNode> files = new LinkedHashMap<>();

  enum What {
    STREAM,
    STREAM_TO_BASE,
    COMMIT,
    ACTIVE_COMMIT,
    /** As the command does it: into what is behind it, and it is empty afterwards. */
    COMMIT_AND_EMPTY,
    /** The upper image names others that have the same, while it is written. */
    NAMES
  }

  /** Each job of each format that has it. */
  static Stream<Object[]> jobs() {
    return OPTIONS.keySet().stream()
        .sorted()
        .flatMap(format ->
            Stream.of(What.values())
                .filter(what -> what != What.STREAM || !format.equals("vhdx")) // alone it is none
                .filter(what -> what != What.COMMIT_AND_EMPTY || !format.equals("qed"))
                .map(what -> new Object[] {format, what}));
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void theChainHasTheDisk(String format, What what) throws Exception {
    var random = new Random(what.ordinal());
    make(format, random);
    if (what == What.NAMES) {
      makeTwins(format);
    }
    Map<String, byte[]> start = new LinkedHashMap<>();
    files.forEach((name, file) -> start.put(name, file.content()));
    List<RecordingNode.Event> events = file("base").events;
    events.clear();
    run(format, what);
    for (int i = 0; i < CUTS; i++) {
      int cut = random.nextInt(events.size() + 1);
      long seed = random.nextLong();
      try {
        examine(format, start, cut, new Random(seed));
      } catch (Throwable e) {
        throw new AssertionError(
            "%s, cut at %d of %d, seed %d".formatted(what, cut, events.size(), seed), e);
      }
    }
  }

  private void examine(String format, Map<String, byte[]> start, int cut, Random random) {
    var left = new LinkedHashMap<String, RecordingNode>();
    files.forEach((name, file) -> {
      byte[] before = Objects.requireNonNull(start.get(name));
      left.put(name, new RecordingNode(name, file.afterCut(before, cut, random), events(left)));
    });
    var graph = new BlockGraph();
    try (Root root = Root.of(graph, "test", chain(graph, format, left, "top", Access.read()))) {
      assertThat(TestImages.firstDifference(root.node(), disk)).isEqualTo(-1);
    }
  }

  private static List<RecordingNode.Event> events(Map<String, RecordingNode> files) {
    return files.isEmpty() ? new ArrayList<>() : files.values().iterator().next().events;
  }

  private RecordingNode file(String name) {
    return Objects.requireNonNull(files.get(name));
  }

  /**
   * Images that have what {@code mid} shows, with names that take several sectors: before cuts, and
   * to be opened after them.
   */
  private void makeTwins(String format) {
    var graph = new BlockGraph();
    byte[] shown;
    try (Root mid = Root.of(graph, "test", chain(graph, format, files, "mid", Access.read()))) {
      shown = TestImages.read(mid.node(), 0, SIZE);
    }
    for (int i = 0; i < 3; i++) {
      String name = "twin" + i + "-".repeat(450 + 200 * i);
      var file = new RecordingNode(name, new byte[0], events(files));
      TestImages.create(format, file, SIZE, Objects.requireNonNull(OPTIONS.get(format)));
      files.put(name, file);
      try (Root twin = Root.of(graph, "test", alone(graph, format, file))) {
        TestImages.write(twin.node(), 0, shown, 0, SIZE);
      }
    }
  }

  /** Three images, each with something of the disk. */
  private void make(String format, Random random) {
    for (String name : CHAIN) {
      var file = new RecordingNode(name, new byte[0], events(files));
      int below = CHAIN.indexOf(name) - 1;
      String options = Objects.requireNonNull(OPTIONS.get(format));
      var graph = new BlockGraph();
      if (below < 0) {
        TestImages.create(format, graph, file, SIZE, options);
      } else {
        String behind = CHAIN.get(below);
        options += ",backing_fmt=" + format + ",backing_file=" + behind;
        BlockNode node = chain(graph, format, files, behind, Access.read());
        try (Root _ = Root.of(graph, "test", node)) {
          TestImages.create(format, graph, file, SIZE, options);
        }
      }
      files.put(name, file);
      write(format, name, random);
    }
  }

  private void write(String format, String name, Random random) {
    var graph = new BlockGraph();
    try (Root root = Root.of(graph, "test", chain(graph, format, files, name, Access.write()))) {
      for (int i = 0; i < 12; i++) {
        int length = 1 + random.nextInt(60_000);
        int offset = random.nextInt(SIZE - length);
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        System.arraycopy(bytes, 0, disk, offset, length);
        TestImages.write(root.node(), offset, disk, offset, length);
      }
    }
  }

  /** An image with those behind it that it names. */
  private static BlockNode chain(
      BlockGraph graph,
      String format,
      Map<String, RecordingNode> files,
      String name,
      Access access) {
    RecordingNode file = Objects.requireNonNull(files.get(name));
    String behind = backingName(format, file);
    var children = new LinkedHashMap<String, BlockNode>();
    children.put("file", file);
    if (behind != null) {
      children.put("backing", chain(graph, format, files, behind, Access.read()));
    }
    return graph.open(OptionSource.of("", "driver=" + format, ""), access, children);
  }

  /** What is behind it; and if it was not closed, it is mended as its format says. */
  private static @Nullable String backingName(String format, RecordingNode file) {
    var graph = new BlockGraph();
    try (Root root = Root.of(graph, "test", alone(graph, format, file))) {
      return ((ImageNode) root.node()).facts().backingFile();
    }
  }

  private static BlockNode alone(BlockGraph graph, String format, RecordingNode file) {
    return graph.open(
        OptionSource.of("", "driver=" + format, ""),
        Access.write().withUnmap(true).withBacking(false),
        Map.of("file", file));
  }

  private void run(String format, What what) throws InterruptedException {
    var graph = new BlockGraph();
    if (what == What.COMMIT_AND_EMPTY) {
      try (Root top = Root.of(graph, "test", alone(graph, format, file("top")));
          Root mid = Root.of(graph, "test", alone(graph, format, file("mid")))) {
        commitAndEmpty(graph, top.node(), mid.node());
      }
      return;
    }
    if (what == What.NAMES) {
      names(format);
      return;
    }
    Access access = Access.write().withUnmap(true);
    try (Root root = Root.of(graph, "test", chain(graph, format, files, "top", access))) {
      BlockNode top = root.node();
      BlockNode mid = Objects.requireNonNull(top.behind());
      BlockNode base = Objects.requireNonNull(mid.behind());
      JobOptions options = JobOptions.of("job");
      Job job =
          new Jobs()
              .start(
                  switch (what) {
                    case STREAM -> new StreamJob(options, graph, top, null, null);
                    case STREAM_TO_BASE -> new StreamJob(options, graph, top, base, null);
                    case COMMIT -> new CommitJob(options, graph, mid, base, null);
                    case ACTIVE_COMMIT -> MirrorJob.activeCommit(options, graph, top, base);
                    case COMMIT_AND_EMPTY, NAMES -> throw new AssertionError(what);
                  });
      if (what == What.ACTIVE_COMMIT) {
        assertThat(job.await(60, TimeUnit.SECONDS, JobStatus.READY)).isEqualTo(JobStatus.READY);
        job.complete();
      }
      assertThat(job.await(60, TimeUnit.SECONDS).ended()).isTrue();
      assertThat(job.error()).isNull();
    }
  }

  private void names(String format) {
    var graph = new BlockGraph();
    var random = new Random(1);
    List<String> names = files.keySet().stream().filter(n -> n.matches("mid|twin.*")).toList();
    var roots = new ArrayList<Root>();
    for (String name : names) {
      roots.add(Root.of(graph, "test", chain(graph, format, files, name, Access.read())));
    }
    try (Root top = Root.of(graph, "test", alone(graph, format, file("top")))) {
      for (int i = 0; i < 12; i++) {
        String name = names.get(random.nextInt(names.size()));
        int offset = random.nextInt(SIZE / UNIT - 3) * UNIT; // whole ones: nothing is behind it
        TestImages.write(top.node(), offset, disk, offset, 3 * UNIT);
        ((ImageNode) top.node()).changeBacking(name, format);
      }
    }
    roots.forEach(Root::close);
  }

  private void commitAndEmpty(BlockGraph graph, BlockNode top, BlockNode mid) {
    graph.behindChanges(top, mid, true);
    for (long at = 0; at < SIZE; ) {
      Extent run = Extent.at(top, at, SIZE - at);
      if (run.present()) {
        TestImages.write(mid, at, disk, (int) at, (int) run.length());
      }
      at += run.length();
    }
    mid.flush();
    graph.behindChanges(top, mid, false);
    ((ImageNode) top).makeEmpty();
  }
}
