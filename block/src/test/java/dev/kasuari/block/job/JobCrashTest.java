package dev.kasuari.block.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Root;
import dev.kasuari.block.testing.RecordingNode;
import dev.kasuari.block.testing.TestImages;
import dev.kasuari.qapi.OptionSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Cuts the power while a job moves a disk's bytes between the images of its chain: at any time the
 * chain that the upper image then names has the disk.
 */
@Tag("fast")
@Timeout(120)
class JobCrashTest {
  private static final int SIZE = 2 << 20;
  private static final int CUTS = Integer.getInteger("kasuari.block.cuts", 40);
  private static final List<String> CHAIN = List.of("base", "mid", "top");

  private final byte[] disk = new byte[SIZE];
  private final Map<String, RecordingNode> files = new LinkedHashMap<>();

  enum What {
    STREAM,
    STREAM_TO_BASE,
    COMMIT,
    ACTIVE_COMMIT
  }

  @ParameterizedTest
  @EnumSource(What.class)
  void theChainHasTheDisk(What what) throws Exception {
    var random = new Random(what.ordinal());
    make(random);
    Map<String, byte[]> start = new LinkedHashMap<>();
    files.forEach((name, file) -> start.put(name, file.content()));
    List<RecordingNode.Event> events = file("base").events;
    events.clear();
    run(what);
    for (int i = 0; i < CUTS; i++) {
      int cut = random.nextInt(events.size() + 1);
      var left = new LinkedHashMap<String, RecordingNode>();
      files.forEach((name, file) -> {
        byte[] before = Objects.requireNonNull(start.get(name));
        left.put(name, new RecordingNode(name, file.afterCut(before, cut, random), events(left)));
      });
      var graph = new BlockGraph();
      BlockNode top = chain(graph, left, "top", Access.read());
      Child use =
          graph.use(
              "test", top, BlockGraph.takenBy(Access.read()), BlockGraph.sharedBy(Access.read()));
      assertThat(TestImages.firstDifference(top, disk))
          .as("%s, cut at %d of %d", what, cut, events.size())
          .isEqualTo(-1);
      graph.release(use);
    }
  }

  private static List<RecordingNode.Event> events(Map<String, RecordingNode> files) {
    return files.isEmpty() ? new java.util.ArrayList<>() : files.values().iterator().next().events;
  }

  private RecordingNode file(String name) {
    return Objects.requireNonNull(files.get(name));
  }

  /** Three images, each with something of the disk. */
  private void make(Random random) {
    for (String name : CHAIN) {
      var file = new RecordingNode(name, new byte[0], events(files));
      files.put(name, file);
      int below = CHAIN.indexOf(name) - 1;
      String backing = below < 0 ? "" : ",backing_fmt=qcow2,backing_file=" + CHAIN.get(below);
      TestImages.create("qcow2", file, SIZE, "cluster_size=4096" + backing);
      var graph = new BlockGraph();
      BlockNode node = chain(graph, files, name, Access.write());
      try (Root root = Root.of(graph, "test", node)) {
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
  }

  /** An image with those behind it that it names. */
  private static BlockNode chain(
      BlockGraph graph, Map<String, RecordingNode> files, String name, Access access) {
    RecordingNode file = Objects.requireNonNull(files.get(name));
    String behind = backingName(file);
    var children = new LinkedHashMap<String, BlockNode>();
    children.put("file", file);
    if (behind != null) {
      children.put("backing", chain(graph, files, behind, Access.read()));
    }
    return graph.open(OptionSource.of("", "driver=qcow2", ""), access, children);
  }

  private static @Nullable String backingName(RecordingNode file) {
    var graph = new BlockGraph();
    Access access = Access.read().withBacking(false);
    BlockNode node =
        graph.open(
            OptionSource.of("", "driver=qcow2", ""),
            access,
            Map.of("file", new RecordingNode(file.content())));
    Child use = graph.use("test", node, BlockGraph.takenBy(access), BlockGraph.sharedBy(access));
    String name = ((ImageNode) node).facts().backingFile();
    graph.release(use);
    return name;
  }

  private void run(What what) throws InterruptedException {
    var graph = new BlockGraph();
    try (Root root =
        Root.of(graph, "test", chain(graph, files, "top", Access.write().withUnmap(true)))) {
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
                  });
      if (what == What.ACTIVE_COMMIT) {
        assertThat(job.await(60, TimeUnit.SECONDS, JobStatus.READY)).isEqualTo(JobStatus.READY);
        job.complete();
      }
      assertThat(job.await(60, TimeUnit.SECONDS).ended()).isTrue();
      assertThat(job.error()).isNull();
    }
  }
}
