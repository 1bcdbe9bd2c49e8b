package dev.kasuari.block.table;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.Filenames;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Where the image behind a differencing VHD or VHDX is, as Windows says it.
 *
 * @param host where it is, as this host says it
 * @param relative from the folder of the new image: {@code .\parent.vhd}
 * @param absolute on this host, with backslashes
 */
public record ParentPath(Path host, String relative, String absolute) {
  /** Characters of a path that an image may say; Windows has no longer ones by default. */
  private static final int MOST_CHARACTERS = 1024;

  /**
   * What an image may say of another.
   *
   * @param format of both, for messages
   * @param image file name of the one that says it
   * @param name of the other, relative to the folder of the first
   * @throws BlockException if where it is cannot be said as Windows says it
   */
  public static ParentPath of(String format, String image, String name) {
    String there = Filenames.relativeTo(image, name);
    if (!Drivers.ofHost(there) || !Drivers.ofHost(image)) {
      throw BlockException.notSupported(
          format + ": an image and the one behind it are files of the host, not '" + there + "'");
    }
    Path parent = path(there);
    Path folder = path(image).getParent();
    String relative = folder == null ? name : folder.relativize(parent).toString();
    if (parent.toString().contains("\\") || parent.toString().length() > MOST_CHARACTERS) {
      throw BlockException.invalid(
          format + ": '" + parent + "' has a name that an image cannot say: with \\, or too long");
    }
    String from = relative.startsWith("..") ? relative : "./" + relative;
    return new ParentPath(parent, from.replace('/', '\\'), parent.toString().replace('/', '\\'));
  }

  private static Path path(String name) {
    String path = name.startsWith("file:") ? name.substring("file:".length()) : name;
    return Path.of(path).toAbsolutePath().normalize();
  }

  /** True if a file of that name is meant. */
  public boolean is(String filename) {
    return Drivers.ofHost(filename) && path(filename).equals(host);
  }

  /** The last part of its name. */
  public String name() {
    return lastPart(absolute);
  }

  /** The last part of a path as Windows says it. */
  public static String lastPart(String path) {
    String local = path.replace('\\', '/');
    return local.substring(local.lastIndexOf('/') + 1);
  }

  /** A relative path as this host says it. */
  public static String local(String relative) {
    String local = relative.replace('\\', '/');
    return local.startsWith("./") ? local.substring(2) : local;
  }

  /** {@link #relative} as it stands in an image. */
  public byte[] relativeBytes() {
    return relative.getBytes(StandardCharsets.UTF_16LE);
  }

  /** {@link #absolute} as it stands in an image. */
  public byte[] absoluteBytes() {
    return absolute.getBytes(StandardCharsets.UTF_16LE);
  }
}
