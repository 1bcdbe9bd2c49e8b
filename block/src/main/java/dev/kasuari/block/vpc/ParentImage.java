package dev.kasuari.block.vpc;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Making;
import dev.kasuari.block.Root;
import dev.kasuari.block.table.ParentPath;
import java.io.IOException;
import java.nio.file.Files;
import org.jspecify.annotations.Nullable;

/**
 * The image that a new differencing one is for, and what the new one says of it.
 *
 * @param footer its footer
 * @param size of its disk, bytes
 * @param path where it is
 * @param changed when its file was written last, seconds of the epoch
 */
record ParentImage(Footer footer, long size, ParentPath path, long changed) {
  /**
   * Looks at it.
   *
   * @param name relative to the folder of the new image
   * @throws BlockException if it is none, or where it is cannot be said as Windows says it
   */
  static ParentImage of(Making making, String name, @Nullable String format) {
    ParentPath path = ParentPath.of("vpc", making.filename(), name);
    BlockNode node = making.graph().openFile("", path.host().toString(), format, Access.read());
    try (Root root = Root.of(making.graph(), "parent", node)) {
      BlockNode file = root.node().child("file");
      if (file == null || !root.node().driver().equals("vpc")) {
        throw BlockException.invalid("vpc: the image behind a differencing one is a VHD");
      }
      return new ParentImage(
          Footer.read(file),
          root.node().size(),
          path,
          Files.getLastModifiedTime(path.host()).toMillis() / 1000);
    } catch (IOException e) {
      throw new BlockException(BlockException.Kind.IO_ERROR, path.host() + ": " + e.getMessage());
    }
  }
}
