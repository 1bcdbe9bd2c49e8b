package dev.kasuari.block;

import dev.kasuari.block.BlockException.Kind;
import dev.kasuari.block.file.FileDriver;
import dev.kasuari.host.HostException;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Opens what {@code -drive} names, and says what is wrong with what cannot be opened. */
public final class Images {
  private Images() {}

  /**
   * Opens an image in a graph of its own.
   *
   * @param where what a complaint begins with, such as {@code -drive}
   * @throws OptionException saying what is wrong with the file and what would be right
   */
  public static BlockDevice open(String where, DriveOptions options) {
    return open(where, new BlockGraph(), options);
  }

  /** Opens an image in a graph that may have nodes already. */
  public static BlockDevice open(String where, BlockGraph graph, DriveOptions options) {
    String named = where + " file=" + options.file();
    Path path = path(options.file());
    if (path != null) {
      refuseMissing(named, path);
    }
    try {
      return device(named, graph, options, path);
    } catch (BlockException e) {
      throw new OptionException(named + ": " + said(e, options), e);
    }
  }

  private static BlockDevice device(
      String named, BlockGraph graph, DriveOptions options, @Nullable Path path) {
    Access access = options.access();
    String format = options.format();
    if (format != null) {
      ImageFormat.refuseLater(named, format);
      ImageFormat.named(named, format);
    }
    String file = options.file();
    if (path != null && options.locking() != FileDriver.Locking.AUTO) {
      file = withLocking(file, options.locking());
    }
    BlockNode node = graph.openFile(named, file, format, access);
    if (node.size() == 0) {
      graph.closeUnused(node);
      throw new OptionException(
          named + ": it is empty; make a disk of a gibibyte with 'truncate -s 1G'");
    }
    if (!node.writable() && access.writable() && !access.autoReadOnly()) {
      graph.closeUnused(node);
      throw new BlockException(Kind.PERMISSION, "Image is read-only");
    }
    node.detectZeroes(options.detectZeroes());
    return new BlockDevice(options.id(), graph, node, options.cache().writeThrough);
  }

  private static String withLocking(String file, FileDriver.Locking locking) {
    Json name = new Json.Text(file);
    Json lock = new Json.Text(locking.name().toLowerCase(Locale.ROOT));
    Json child =
        new Json.Members(
            Map.of("driver", new Json.Text("file"), "filename", name, "locking", lock));
    return "json:" + new Json.Members(Map.of("file", child));
  }

  /** The path that a file's name is, or null if it is something else. */
  private static @Nullable Path path(String file) {
    return Filenames.isJson(file) || !Filenames.protocol(file).isEmpty() ? null : Path.of(file);
  }

  private static String said(BlockException e, DriveOptions options) {
    return switch (e.kind()) {
      case BUSY ->
          "another program "
              + (options.readonly() ? "writes" : "uses")
              + " this image, and two would destroy it; give each its own copy";
      case PERMISSION, READ_ONLY ->
          options.readonly()
              ? "cannot be opened: " + e.getMessage()
              : "it can be read but not written; add readonly=on, or let it be written";
      case INVALID ->
          e.getCause() instanceof HostException host
              ? "cannot be a disk: " + host.errno().text() + "; give a file or a block device"
              : "cannot be opened: " + e.getMessage();
      default -> "cannot be opened: " + e.getMessage();
    };
  }

  private static void refuseMissing(String named, Path path) {
    if (Files.isDirectory(path)) {
      throw new OptionException(named + ": it is a folder; an image is a file or a block device");
    }
    if (!Files.exists(path)) {
      throw new OptionException(named + ": no such file" + nearest(path));
    }
  }

  private static String nearest(Path path) {
    Path folder = path.toAbsolutePath().getParent();
    Path name = path.getFileName();
    if (folder == null || name == null) {
      return "";
    }
    if (!Files.isDirectory(folder)) {
      return ": there is no folder " + folder;
    }
    try (Stream<Path> files = Files.list(folder)) {
      List<String> names = files.map(f -> String.valueOf(f.getFileName())).toList();
      String best = Nearest.of(name.toString(), names);
      return best == null ? "" : "; did you mean '" + best + "'?";
    } catch (IOException e) {
      return ""; // a folder that cannot be listed has nothing to suggest
    }
  }
}
