package dev.kasuari.boot;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads a file that a user named, with errors for people. */
public final class BootFile {
  private static final long LARGEST = Integer.MAX_VALUE - 16L;

  private BootFile() {}

  /** What is done with a file that is there. */
  private interface Reader<T> {
    T read(String name, Path path) throws IOException, BootException;
  }

  /**
   * Reads all of a file.
   *
   * @param option as the user gave it, such as {@code -kernel}; starts every message
   * @throws BootException if it is missing, a directory, empty, unreadable or larger than 2 GiB
   */
  public static byte[] read(String option, String file) throws BootException {
    return open(
        option,
        file,
        (name, path) -> {
          if (Files.isRegularFile(path)) {
            refuseSize(name, Files.size(path));
          }
          // Not by a channel, which keeps a buffer as large as the file.
          try (InputStream in = new FileInputStream(path.toFile())) {
            byte[] data = in.readAllBytes();
            refuseSize(name, data.length);
            return data;
          }
        });
  }

  /**
   * As {@link #read}, for a large file that goes to memory as it is. One whose size nobody knows
   * before its end, such as a pipe, is copied first.
   */
  public static KeptFile keep(String option, String file) throws BootException {
    return open(
        option,
        file,
        (name, path) -> {
          BasicFileAttributes is = Files.readAttributes(path, BasicFileAttributes.class);
          boolean regular = is.isRegularFile();
          FileChannel channel = regular ? FileChannel.open(path) : spooled(path);
          try {
            refuseSize(name, channel.size());
            KeptFile.Version version = regular ? KeptFile.Version.of(path, is) : null;
            return new KeptFile(name, channel, version, channel.size());
          } catch (IOException | BootException e) {
            channel.close();
            throw e;
          }
        });
  }

  /** A file of nobody else's with what comes out of a pipe. */
  private static FileChannel spooled(Path pipe) throws IOException {
    Path file = Files.createTempFile("kasuari-", ".boot");
    FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE);
    try (InputStream from = Files.newInputStream(pipe)) {
      from.transferTo(Channels.newOutputStream(channel));
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private static <T> T open(String option, String file, Reader<T> reader) throws BootException {
    String name = option + " " + file;
    try {
      Path path = Path.of(file);
      if (Files.isDirectory(path)) {
        throw new BootException(name + ": is a directory, not a file");
      }
      if (Files.notExists(path)) {
        String near = nearest(path);
        throw new BootException(
            name + ": no such file" + (near == null ? "" : ". Did you mean " + near + "?"));
      }
      return reader.read(name, path);
    } catch (IOException e) {
      throw unreadable(name, e);
    } catch (InvalidPathException e) {
      throw new BootException(name + ": not a file name", e);
    }
  }

  static BootException unreadable(String name, IOException why) {
    return why instanceof AccessDeniedException
        ? new BootException(name + ": permission denied", why)
        : new BootException(name + ": cannot be read: " + why.getMessage(), why);
  }

  private static void refuseSize(String name, long size) throws BootException {
    if (size > LARGEST) {
      throw new BootException(name + ": larger than 2 GiB");
    }
    if (size == 0) {
      throw new BootException(name + ": the file is empty");
    }
  }

  /** The file beside a missing one whose name is closest, if one is close. */
  private static @Nullable String nearest(Path path) {
    Path parent = path.getParent();
    Path last = path.getFileName();
    if (last == null) {
      return null;
    }
    String wanted = last.toString();
    int limit = Math.max(1, wanted.length() / 3);
    String best = null;
    try (Stream<Path> files = Files.list(parent == null ? Path.of("") : parent)) {
      for (Path file : files.sorted().toList()) {
        Path name = file.getFileName();
        int distance = name == null ? Integer.MAX_VALUE : distance(wanted, name.toString());
        if (distance <= limit && Files.isRegularFile(file)) {
          limit = distance - 1;
          best = file.toString();
        }
      }
    } catch (IOException e) {
      return null; // a suggestion is not worth an error
    }
    return best;
  }

  /** How many characters must be put in, taken out or changed to make one of the other. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
