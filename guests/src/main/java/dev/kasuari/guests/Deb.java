package dev.kasuari.guests;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * A Debian package file: an ar archive with a compressed tar inside. Paths are written without a
 * leading {@code ./} or {@code /}. Source: deb(5).
 */
public final class Deb {
  /** No single file of a guest is larger than this. */
  private static final long LARGEST_FILE = 1L << 30;

  private static final int LINKS = 16;

  private final Path file;

  public Deb(Path file) {
    this.file = file;
  }

  /** Called for every entry; {@code contents} is only good during the call. */
  @FunctionalInterface
  interface Visitor {
    void visit(String path, TarArchiveEntry entry, InputStream contents) throws IOException;
  }

  void forEach(Visitor visitor) throws IOException {
    try (InputStream raw = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        ArArchiveInputStream ar = new ArArchiveInputStream(raw);
        TarArchiveInputStream tar = new TarArchiveInputStream(data(ar))) {
      for (TarArchiveEntry e = tar.getNextEntry(); e != null; e = tar.getNextEntry()) {
        visitor.visit(normal(e.getName()), e, tar);
      }
    } catch (GuestException e) {
      throw e;
    } catch (IOException | IllegalArgumentException e) {
      throw new GuestException(file + ": not a readable Debian package: " + e.getMessage(), e);
    }
  }

  private InputStream data(ArArchiveInputStream ar) throws IOException {
    for (ArArchiveEntry e = ar.getNextEntry(); e != null; e = ar.getNextEntry()) {
      if (e.getName().startsWith("data.tar")) {
        return switch (e.getName()) {
          case "data.tar" -> ar;
          case "data.tar.xz" -> new XZInputStream(ar);
          case "data.tar.gz" -> new GZIPInputStream(ar, 1 << 16);
          case "data.tar.zst" -> Zstandard.decompress(ar);
          default ->
              throw new GuestException(
                  file + ": " + e.getName() + " is compressed in an unknown way");
        };
      }
    }
    throw new GuestException(file + ": not a readable Debian package: it holds no data.tar");
  }

  /** The tar reader itself calls links and device nodes files, too. */
  static boolean regular(TarArchiveEntry entry) {
    return entry.isFile()
        && !entry.isLink()
        && !entry.isSymbolicLink()
        && !entry.isCharacterDevice()
        && !entry.isBlockDevice()
        && !entry.isFIFO();
  }

  /** A path without {@code ./}, {@code //} and leading or trailing slashes. */
  static String normal(String name) {
    StringBuilder path = new StringBuilder();
    for (String part : name.split("/", -1)) {
      if (!part.isEmpty() && !part.equals(".")) {
        path.append(path.isEmpty() ? "" : "/").append(part);
      }
    }
    return path.toString();
  }

  /** The paths of all regular files and links, in the package's order. */
  public List<String> paths() throws IOException {
    List<String> paths = new ArrayList<>();
    forEach((path, entry, contents) -> {
      if (regular(entry) || entry.isSymbolicLink() || entry.isLink()) {
        paths.add(path);
      }
    });
    return paths;
  }

  /**
   * The contents of the regular files whose path is wanted, in one pass. Links are not followed.
   */
  public Map<String, byte[]> read(Predicate<String> wanted) throws IOException {
    Map<String, byte[]> found = new HashMap<>();
    forEach((path, entry, contents) -> {
      if (regular(entry) && wanted.test(path)) {
        found.put(path, bytes(path, entry, contents));
      }
    });
    return found;
  }

  private byte[] bytes(String path, TarArchiveEntry entry, InputStream contents)
      throws IOException {
    if (entry.getSize() > LARGEST_FILE) {
      throw new GuestException(file + ": " + path + " is larger than 1 GiB");
    }
    return contents.readNBytes((int) entry.getSize());
  }

  /**
   * The contents of one file; links inside the package are followed.
   *
   * @throws GuestException if the package has no such file
   */
  public byte[] read(String path) throws IOException {
    String target = path;
    for (int i = 0; i < LINKS; i++) {
      String current = target;
      Map<String, String> links = new HashMap<>();
      Map<String, byte[]> found = new HashMap<>();
      forEach((name, entry, contents) -> {
        if (name.equals(current) && regular(entry)) {
          found.put(name, bytes(name, entry, contents));
        } else if (name.equals(current) && entry.isLink()) {
          links.put(name, normal(entry.getLinkName()));
        } else if (name.equals(current) && entry.isSymbolicLink()) {
          links.put(name, Extraction.resolve(name, entry.getLinkName()));
        }
      });
      byte[] data = found.get(current);
      if (data != null) {
        return data;
      }
      String next = links.get(current);
      if (next == null) {
        throw new GuestException(file + ": has no file " + path);
      }
      target = next;
    }
    throw new GuestException(file + ": " + path + " is a link to itself");
  }

  /**
   * Unpacks what is wanted below a directory. Nothing is written outside of it, whatever the
   * package's names and links say: absolute links are made relative to it, links that leave it are
   * refused, device nodes are left out.
   */
  public void extract(Path directory, Predicate<String> wanted) throws IOException {
    Extraction extraction = new Extraction(file, directory);
    forEach((path, entry, contents) -> {
      if (wanted.test(path)) {
        extraction.put(path, entry, contents);
      }
    });
  }

  /** Unpacks all of it. */
  public void extract(Path directory) throws IOException {
    extract(directory, path -> true);
  }
}
