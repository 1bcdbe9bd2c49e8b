package dev.kasuari.block.fuzz;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.Child;
import dev.kasuari.block.ImageNode;
import dev.kasuari.qapi.OptionException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Does with an image, whatever its bytes are, what a user does with one that was found: opens it,
 * asks what it is, checks it, looks where its data is, reads, and writes and repairs a copy.
 * Nothing but a {@link BlockException} may come of it.
 */
final class ImageTarget {
  /** All formats. */
  static final List<String> FORMATS =
      List.of(
          "qcow2",
          "vdi",
          "vpc",
          "vmdk",
          "vhdx",
          "qed",
          "qcow",
          "parallels",
          "luks",
          "raw",
          "bochs",
          "cloop",
          "dmg");

  private static final int CHUNK = 1 << 16;
  private static final int MOST_STEPS = 100;

  private ImageTarget() {}

  /** Uses an image in all ways. */
  static void use(String format, byte[] image) {
    with(format, image, Access.read(), ImageTarget::look);
    with(format, image, Access.write().withUnmap(true), node -> change(node, image.length));
    with(
        format,
        image,
        Access.write().withRecovery(true),
        node -> {
          if (node instanceof ImageNode one) {
            one.check(CheckResult.Repair.ALL, line -> {});
          }
        });
  }

  private interface Work {
    void of(BlockNode node);
  }

  private static void with(String format, byte[] image, Access access, Work work) {
    BlockGraph graph = GoodImages.graph();
    try {
      var file = new OverlaidFile(image);
      BlockNode node =
          graph.open(GoodImages.opens(format), access.withBacking(false), Map.of("file", file));
      Child use =
          graph.use("fuzzing", node, BlockGraph.takenBy(access), BlockGraph.sharedBy(access));
      try {
        refused(() -> work.of(node));
      } finally {
        refused(() -> graph.release(use));
      }
    } catch (BlockException | OptionException expected) {
      // It was refused, by name.
    }
  }

  private static void refused(Runnable work) {
    try {
      work.run();
    } catch (BlockException expected) {
      // It was refused, by name.
    }
  }

  private static void look(BlockNode node) {
    if (node instanceof ImageNode image) {
      refused(image::facts);
      refused(image::snapshots);
      refused(() -> image.check(CheckResult.Repair.NONE, line -> {}));
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(CHUNK);
      long at = 0;
      for (int i = 0; i < MOST_STEPS && at < node.size(); i++) {
        BlockStatus status = node.status(at, node.size() - at);
        long here = at;
        refused(() -> node.read(here, bytes.asSlice(0, Math.min(CHUNK, status.length()))));
        at += status.length();
      }
    }
  }

  private static void change(BlockNode node, int seed) {
    var random = new Random(seed);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(4096);
      for (int i = 0; i < 12 && node.size() >= 4096; i++) {
        long at = random.nextLong(Math.min(node.size(), 8 << 20) / 512) * 512;
        long length = Math.min(4096, node.size() - at);
        int what = random.nextInt(4);
        refused(() -> {
          switch (what) {
            case 0 -> node.writeZeroes(at, length, true);
            case 1 -> node.discard(at, length);
            case 2 -> node.flush();
            default -> node.write(at, bytes.asSlice(0, length));
          }
        });
      }
    }
  }
}
