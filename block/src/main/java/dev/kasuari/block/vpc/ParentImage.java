package dev.kasuari.block.vpc;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.Filenames;
import dev.kasuari.block.Making;
import dev.kasuari.block.Root;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The image that a new differencing one is for, and what the new one says of it.
 *
 * @param footer its footer
 * @param size of its disk, bytes
 * @param relative where it is, from the folder of the new one: {@code .\parent.vhd}
 * @param absolute where it is on this host, with backslashes
 * @param changed when its file was written last, seconds of the epoch
 */
record ParentImage(Footer footer, long size, String relative, String absolute, long changed) {
  /** Characters of a path that a locator may have; Windows has no longer ones by default. */
  private static final int MOST_CHARACTERS = 1024;

  /**
   * Looks at it.
   *
   * @param name relative to the folder of the new image
   * @throws BlockException if it is none, or where it is cannot be said as Windows says it
   */
  static ParentImage of(Making making, String name, @Nullable String format) {
    String there = Filenames.relativeTo(making.filename(), name);
    if (!Drivers.ofHost(there) || !Drivers.ofHost(making.filename())) {
      throw BlockException.notSupported(
          "vpc: an image and the one behind it are files of the host, not '" + there + "'");
    }
    Path parent = path(there);
    Path folder = path(making.filename()).getParent();
    String relative = folder == null ? name : folder.relativize(parent).toString();
    if (parent.toString().contains("\\") || parent.toString().length() > MOST_CHARACTERS) {
      throw BlockException.invalid(
          "vpc: '" + parent + "' has a name that an image cannot say: with \\, or too long");
    }
    BlockNode node = making.graph().openFile("", there, format, Access.read());
    try (Root root = Root.of(making.graph(), "parent", node)) {
      BlockNode file = root.node().child("file");
      if (file == null || !root.node().driver().equals("vpc")) {
        throw BlockException.invalid("vpc: the image behind a differencing one is a VHD");
      }
      String from = relative.startsWith("..") ? relative : "./" + relative;
      return new ParentImage(
          Footer.read(file),
          root.node().size(),
          from.replace('/', '\\'),
          parent.toString().replace('/', '\\'),
          Files.getLastModifiedTime(parent).toMillis() / 1000);
    } catch (IOException e) {
      throw new BlockException(BlockException.Kind.IO_ERROR, parent + ": " + e.getMessage());
    }
  }

  private static Path path(String name) {
    String path = name.startsWith("file:") ? name.substring("file:".length()) : name;
    return Path.of(path).toAbsolutePath().normalize();
  }

  /** The last part of its name. */
  String name() {
    return absolute.substring(absolute.lastIndexOf('\\') + 1);
  }

  byte[] relativeBytes() {
    return relative.getBytes(StandardCharsets.UTF_16LE);
  }

  byte[] absoluteBytes() {
    return absolute.getBytes(StandardCharsets.UTF_16LE);
  }
}
