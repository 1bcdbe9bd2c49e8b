package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Extent;
import dev.kasuari.block.Filenames;
import dev.kasuari.block.ImageNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An image and those behind it, each for itself, down to one that is written into. What none of
 * them says is what that one says already.
 */
final class Layers {
  private final List<BlockNode> nodes = new ArrayList<>();
  private final BlockNode base;

  /**
   * Opens what is between an image and its base, and the base.
   *
   * @param top open without what is behind it
   * @param name of the base, as the chain or a person has it; null for the next one
   */
  Layers(Session session, BlockNode top, @Nullable String name, Access access) {
    Access look = access.forBacking().withBacking(false);
    nodes.add(top);
    for (BlockNode node = top; ; ) {
      ImageNode.Facts facts = node instanceof ImageNode image ? image.facts() : null;
      String behind = facts == null ? null : facts.backingFile();
      if (facts == null || behind == null) {
        throw new ToolException(
            name == null
                ? "Image does not have a backing file"
                : "Did not find '%s' in the backing chain of '%s'".formatted(name, top.filename()));
      }
      String path = Filenames.relativeTo(node.filename(), behind);
      boolean found = name == null || name.equals(behind) || same(name, path);
      node =
          session.open(path, facts.backingFormat(), false, found ? access.withUnmap(true) : look);
      if (found) {
        base = node;
        return;
      }
      nodes.add(node);
    }
  }

  private static boolean same(String name, String path) {
    return !name.isEmpty()
        && Path.of(name)
            .toAbsolutePath()
            .normalize()
            .equals(Path.of(path).toAbsolutePath().normalize());
  }

  /** What is written into. */
  BlockNode base() {
    return base;
  }

  /** What names the base. */
  BlockNode lowest() {
    return nodes.getLast();
  }

  /** True if there is nothing between the image and its base. */
  boolean adjoin() {
    return nodes.size() == 1;
  }

  /** The run that begins at {@code at}, of what the layers above the base say together. */
  Extent run(long at) {
    long most = nodes.getFirst().size() - at;
    for (BlockNode node : nodes) {
      if (at >= node.size()) { // nothing shows through: it reads as zero from here on
        return new Extent(at, most, 0, true, false, true, -1, node);
      }
      Extent run = Extent.at(node, at, Math.min(most, node.size() - at));
      if (run.present()) {
        return run;
      }
      most = run.length();
    }
    return new Extent(at, most, 0, false, false, true, -1, base);
  }
}
