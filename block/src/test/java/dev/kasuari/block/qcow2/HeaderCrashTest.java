package dev.kasuari.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.testing.RecordingNode;
import dev.kasuari.block.testing.TestImages;
import dev.kasuari.qapi.OptionSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Cuts the power while a header of several sectors changes: it is the old one or the new one. */
@Tag("fast")
class HeaderCrashTest {
  @ParameterizedTest
  @ValueSource(ints = {4096, 65536})
  void aNameIsTheOldOneOrTheNewOne(int clusterSize) {
    for (int seed = 1; seed <= 20; seed++) {
      run(clusterSize, new Random(seed));
    }
  }

  private static void run(int clusterSize, Random random) {
    var empty = new RecordingNode(new byte[0]);
    TestImages.create(
        "qcow2",
        empty,
        1 << 20,
        "cluster_size=" + clusterSize + ",backing_file=" + name(random) + ",backing_fmt=raw");
    byte[] start = empty.content();
    var file = new RecordingNode(start);
    var names = new ArrayList<String>();
    names.add(backing(start));
    change(file, random, names);
    for (int i = 0; i < 60; i++) {
      int cut = random.nextInt(file.events.size() + 1);
      byte[] after = file.afterCut(start, cut, random);
      assertThat(names.contains(backing(after))).as("cut at " + cut).isTrue();
    }
  }

  private static String name(Random random) {
    return "b".repeat(1 + random.nextInt(900)) + random.nextInt();
  }

  private static String backing(byte[] image) {
    return String.valueOf(Header.read(new RecordingNode(image)).backingFile);
  }

  private static void change(RecordingNode file, Random random, List<String> names) {
    Access access = Access.write().withBacking(false);
    var graph = new BlockGraph();
    BlockNode node =
        graph.open(OptionSource.of("", "driver=qcow2", ""), access, Map.of("file", file));
    Child use = graph.use("test", node, BlockGraph.takenBy(access), BlockGraph.sharedBy(access));
    for (int i = 0; i < 6; i++) {
      if (random.nextInt(3) == 0) {
        if (node.bitmaps().find("b") == null) {
          var _ = node.addPersistentBitmap("b", 65536);
        } else {
          node.bitmaps().remove("b");
        }
        ((Qcow2Node) node).storedBitmaps().store();
      } else {
        String name = name(random);
        names.add(name);
        ((ImageNode) node).changeBacking(name, random.nextBoolean() ? "raw" : "qcow2");
      }
    }
    graph.release(use);
  }
}
