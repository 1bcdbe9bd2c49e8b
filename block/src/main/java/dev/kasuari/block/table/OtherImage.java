package dev.kasuari.block.table;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A file or image that is needed while another one is made. */
public final class OtherImage {
  private OtherImage() {}

  /**
   * Opens a file for as long as {@code work} takes.
   *
   * @param format or null to look at the file
   */
  public static void with(
      String name, @Nullable String format, Access access, Consumer<BlockNode> work) {
    var graph = new BlockGraph();
    BlockNode node = graph.openFile("", name, format, access);
    Child use =
        graph.use(
            "the making of an image",
            node,
            BlockGraph.takenBy(access),
            BlockGraph.sharedBy(access));
    try {
      work.accept(node);
    } finally {
      graph.release(use);
    }
  }
}
