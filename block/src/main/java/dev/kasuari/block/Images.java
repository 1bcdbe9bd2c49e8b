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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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
    return open(where, graph, options, DriveExtras.none());
  }

  /**
   * Opens an image of which more is said.
   *
   * @param options its file is empty where the extras say which node it is
   */
  public static BlockDevice open(
      String where, BlockGraph graph, DriveOptions options, DriveExtras extras) {
    boolean named = !options.file().isEmpty();
    String place = named ? where + " file=" + options.file() : where;
    Path path = named ? path(options.file()) : null;
    if (path != null) {
      refuseMissing(place, path);
    }
    try {
      return device(place, graph, options, extras, path);
    } catch (BlockException e) {
      throw new OptionException(place + ": " + said(e, options), e);
    }
  }

  private static BlockDevice device(
      String named,
      BlockGraph graph,
      DriveOptions options,
      DriveExtras extras,
      @Nullable Path path) {
    boolean snapshot = extras.snapshot();
    Access access = snapshot ? options.access().withWritable(false) : options.access();
    String format = options.format();
    if (format != null) {
      if (Drivers.find(format) == null) {
        ImageFormat.named(named, format);
      }
    }
    BlockNode node = node(named, graph, options, extras, path, access);
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
    BlockNode top = snapshot ? TemporaryOverlay.over(graph, node) : node;
    top = extras.filters(named, options.id(), graph, top);
    var device = new BlockDevice(options.id(), graph, top, options.cache().writeThrough);
    device.onErrors(extras.rerror(), extras.werror());
    return device;
  }

  private static BlockNode node(
      String named,
      BlockGraph graph,
      DriveOptions options,
      DriveExtras extras,
      @Nullable Path path,
      Access access) {
    var members = new LinkedHashMap<String, Json>(extras.node().members());
    if (options.format() != null) {
      members.put("driver", new Json.Text(options.format()));
    }
    String file = options.file();
    if (path != null && (options.locking() != FileDriver.Locking.AUTO || extras.aio() != null)) {
      members.put("file", child(file, options.locking(), extras.aio()));
    }
    return graph.openImage(named, file.isEmpty() ? null : file, new Json.Members(members), access);
  }

  private static Json child(String file, FileDriver.Locking locking, FileDriver.@Nullable Aio aio) {
    var members = new LinkedHashMap<String, Json>();
    members.putAll(Filenames.options("", file).members());
    members.put("locking", new Json.Text(locking.name().toLowerCase(Locale.ROOT)));
    if (aio != null) {
      members.put("aio", new Json.Text(aio.name().toLowerCase(Locale.ROOT)));
    }
    return new Json.Members(members);
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
