package dev.kasuari.block.vvfat;

import dev.kasuari.block.BlockException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A folder as it was when it was looked at, with what is in it, by name. */
final class Folder {
  /** Folders within one another. */
  private static final int MOST_DEPTH = 64;

  /** Files and folders together: their names are in memory. */
  private static final int MOST_FILES = 1 << 17;

  private static final long MOST_SIZE = 0xffff_ffffL;
  private static final int MOST_NAME = 255;

  /**
   * A file or a folder in it.
   *
   * @param path of a file, with no links in it
   * @param inside what a folder has, or null for a file
   */
  record Item(
      String name,
      ShortNames.Name shortName,
      Path path,
      long size,
      LocalDateTime changed,
      @Nullable Folder inside) {}

  private final List<Item> items = new ArrayList<>();

  private Folder() {}

  List<Item> items() {
    return items;
  }

  /**
   * Looks at a folder. Links to files within it are the files; what is a link to elsewhere, a
   * device, a pipe or a socket is left out, and so are links to folders.
   *
   * @throws BlockException if it cannot be read, or has what FAT cannot say
   */
  static Folder scan(Path path) {
    try {
      if (!Files.isDirectory(path)) {
        throw new BlockException(
            Files.exists(path) ? BlockException.Kind.INVALID : BlockException.Kind.NOT_FOUND,
            "vvfat: '" + path + "' is not a folder");
      }
      Path root = path.toRealPath();
      return new Scan(root).folder(root, 0);
    } catch (IOException e) {
      throw new BlockException(
          BlockException.Kind.IO_ERROR, "vvfat: cannot read '" + path + "': " + e);
    }
  }

  private static final class Scan {
    private final Path root;
    private int files;

    Scan(Path root) {
      this.root = root;
    }

    Folder folder(Path path, int depth) throws IOException {
      if (depth > MOST_DEPTH) {
        throw BlockException.invalid("vvfat: more than " + MOST_DEPTH + " folders in one another");
      }
      List<Path> there;
      try (Stream<Path> list = Files.list(path)) {
        there = list.limit(MOST_FILES + 1L).sorted().toList();
      }
      var folder = new Folder();
      var names = new ShortNames();
      Set<String> taken = new HashSet<>();
      for (Path one : there) {
        Item item = item(one, names, taken, depth);
        if (item != null) {
          folder.items.add(item);
        }
      }
      return folder;
    }

    private @Nullable Item item(Path path, ShortNames names, Set<String> taken, int depth)
        throws IOException {
      BasicFileAttributes about = about(path);
      Path real = about.isSymbolicLink() ? target(path) : path;
      if (real == null) {
        return null;
      }
      about = about(real);
      boolean regular = about.isRegularFile();
      if (!regular && (!about.isDirectory() || !real.equals(path))) {
        return null;
      }
      if (++files > MOST_FILES) {
        throw BlockException.invalid("vvfat: more than " + MOST_FILES + " files and folders");
      }
      long size = regular ? about.size() : 0;
      if (size > MOST_SIZE) {
        throw BlockException.invalid("vvfat: '" + path + "' is larger than FAT can say");
      }
      String name = longName(path, taken);
      var time =
          LocalDateTime.ofInstant(about.lastModifiedTime().toInstant(), ZoneId.systemDefault());
      Folder inside = regular ? null : folder(path, depth + 1);
      return new Item(name, names.of(name), real, size, time, inside);
    }

    private static BasicFileAttributes about(Path path) throws IOException {
      return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    /** The file within the root that a link leads to, or null. */
    private @Nullable Path target(Path link) {
      try {
        Path real = link.toRealPath();
        return real.startsWith(root) ? real : null;
      } catch (IOException e) {
        return null; // it leads nowhere
      }
    }

    /** A name that FAT can say, and that differs from all others by more than its case. */
    private static String longName(Path path, Set<String> taken) {
      String name =
          String.valueOf(path.getFileName()).replaceAll("[\\x00-\\x1f\"*/:<>?\\\\|]", "_");
      while (name.endsWith(".") || name.endsWith(" ")) { // such ends are not seen
        name = name.substring(0, name.length() - 1) + "_";
      }
      if (name.length() > MOST_NAME) {
        throw BlockException.invalid("vvfat: the name '" + name + "' is too long for FAT");
      }
      String free = name;
      for (int n = 1; !taken.add(free.toUpperCase(Locale.ROOT)); n++) {
        String end = "~" + n;
        free = name.substring(0, Math.min(name.length(), MOST_NAME - end.length())) + end;
      }
      return free;
    }
  }
}
