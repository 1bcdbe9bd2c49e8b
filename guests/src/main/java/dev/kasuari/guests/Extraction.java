package dev.kasuari.guests;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;

/** Writes archive entries below a directory and nowhere else. */
final class Extraction {
  private final Path archive;
  private final Path root;

  Extraction(Path archive, Path directory) throws IOException {
    this.archive = archive;
    this.root = Files.createDirectories(directory).toRealPath();
  }

  void put(String path, TarArchiveEntry entry, InputStream contents) throws IOException {
    if (path.isEmpty()) {
      return;
    }
    Path target = place(path);
    if (entry.isDirectory()) {
      Files.createDirectories(target);
    } else if (entry.isSymbolicLink()) {
      Files.deleteIfExists(target);
      Path destination = root.resolve(inside(path, entry.getLinkName()));
      Files.createSymbolicLink(target, GuestCache.parent(target).relativize(destination));
    } else if (entry.isLink()) {
      Path source = place(Deb.normal(entry.getLinkName()));
      if (!Files.isRegularFile(source, LinkOption.NOFOLLOW_LINKS)) {
        throw refused(path, "is a hard link to " + entry.getLinkName() + ", which is no file");
      }
      Files.copy(source, target, StandardCopyOption.REPLACE_EXISTING);
    } else if (Deb.regular(entry)) {
      Files.deleteIfExists(target); // never write through a link
      Files.copy(contents, target);
      if ((entry.getMode() & 0100) != 0 && !target.toFile().setExecutable(true, false)) {
        throw refused(path, "cannot be made executable");
      }
    }
  }

  /** Where an entry goes, its parent directories made, none of them a link. */
  private Path place(String path) throws IOException {
    Path parent = root;
    String[] parts = path.split("/", -1);
    for (int i = 0; i < parts.length; i++) {
      if (parts[i].equals("..")) {
        throw refused(path, "leaves the directory");
      }
      if (i < parts.length - 1) {
        parent = parent.resolve(parts[i]);
        if (Files.isSymbolicLink(parent)) {
          throw refused(path, "goes through the link " + root.relativize(parent));
        }
        if (!Files.isDirectory(parent)) {
          Files.createDirectory(parent);
        }
      }
    }
    return parent.resolve(parts[parts.length - 1]);
  }

  private String inside(String path, String link) throws GuestException {
    String target = resolve(path, link);
    if (target.startsWith("../") || target.equals("..")) {
      throw refused(path, "links to " + link + ", outside of the package");
    }
    return target;
  }

  private GuestException refused(String path, String why) {
    return new GuestException(archive + ": " + path + " " + why);
  }

  /**
   * Where a link at {@code path} points, as a path from the archive's root; one that climbs above
   * the root starts with {@code ../}.
   */
  static String resolve(String path, String link) {
    Deque<String> parts = new ArrayDeque<>();
    if (!link.startsWith("/")) {
      int slash = path.lastIndexOf('/');
      walk(parts, slash < 0 ? "" : path.substring(0, slash));
    }
    walk(parts, link);
    return String.join("/", parts);
  }

  private static void walk(Deque<String> parts, String path) {
    for (String part : path.split("/", -1)) {
      if (part.equals("..") && !parts.isEmpty() && !parts.getLast().equals("..")) {
        parts.removeLast();
      } else if (!part.isEmpty() && !part.equals(".")) {
        parts.addLast(part);
      }
    }
  }
}
