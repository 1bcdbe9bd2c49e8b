package dev.kasuari.block.vhdx;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Making;
import dev.kasuari.block.Root;
import dev.kasuari.block.table.ParentPath;
import org.jspecify.annotations.Nullable;

/**
 * The image that a new differencing one is for.
 *
 * @param locator what the new one says of it
 * @param size of its disk, bytes
 * @param sector bytes
 */
record ParentImage(ParentLocator locator, long size, int sector) {
  /**
   * Looks at it.
   *
   * @param name relative to the folder of the new image
   * @throws BlockException if it is none, or where it is cannot be said as Windows says it
   */
  static ParentImage of(Making making, String name, @Nullable String format) {
    ParentPath path = ParentPath.of("vhdx", making.filename(), name);
    VhdxNode open = open(making.graph(), path);
    if (open != null && !open.writable()) { // it stays what it is
      return of(path, open);
    }
    BlockNode node = making.graph().openFile("", path.host().toString(), format, Access.read());
    try (Root root = Root.of(making.graph(), "parent", node)) {
      if (!(root.node() instanceof VhdxNode parent)) {
        throw BlockException.invalid("vhdx: the image behind a differencing one is a VHDX");
      }
      return of(path, parent);
    }
  }

  private static ParentImage of(ParentPath path, VhdxNode parent) {
    return new ParentImage(
        ParentLocator.of(path, parent.dataWriteId()), parent.size(), parent.sector());
  }

  /** The image if it is open already. */
  private static @Nullable VhdxNode open(BlockGraph graph, ParentPath path) {
    for (BlockNode node : graph.nodes()) {
      if (node instanceof VhdxNode image && path.is(image.filename())) {
        return image;
      }
    }
    return null;
  }

  /** What is said of an image that may be in use, even written. */
  static ParentLocator locator(Making making, String name) {
    ParentPath path = ParentPath.of("vhdx", making.filename(), name);
    VhdxNode open = open(making.graph(), path);
    if (open != null) {
      return ParentLocator.of(path, open.dataWriteId());
    }
    Access access = Access.read().withForceShare(true);
    BlockNode node = making.graph().openFile("", path.host().toString(), "file", access);
    try (Root root = Root.of(making.graph(), "parent", node)) {
      VhdxDriver.requireSignature(root.node());
      return ParentLocator.of(path, Header.read(root.node()).dataWriteId());
    }
  }
}
