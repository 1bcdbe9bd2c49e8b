package dev.kasuari.boot;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads a file that a user named, with errors for people. */
public final class BootFile {
  private static final long LARGEST = Integer.MAX_VALUE - 16L;

  private BootFile() {}

  /**
   * Reads all of a file.
   *
   * @param option as the user gave it, such as {@code -kernel}; starts every message
   * @throws BootException if it is missing, a directory, empty, unreadable or larger than 2 GiB
   */
  public static byte[] read(String option, String file) throws BootException {
    MemorySegment data = read(option, file, size -> MemorySegment.ofArray(new byte[(int) size]));
    return (byte[]) data.heapBase().orElseThrow();
  }

  /**
   * As {@link #read(String, String)}, into memory of the caller's: heaps are no good place for
   * hundreds of megabytes.
   *
   * @param room gives writable memory of a size in bytes; it is asked once
   */
  public static MemorySegment read(
      String option, String file, LongFunction<? extends MemorySegment> room) throws BootException {
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
      return read(name, path, room);
    } catch (AccessDeniedException e) {
      throw new BootException(name + ": permission denied", e);
    } catch (IOException e) {
      throw new BootException(name + ": cannot be read: " + e.getMessage(), e);
    } catch (InvalidPathException e) {
      throw new BootException(name + ": not a file name", e);
    }
  }

  private static MemorySegment read(
      String name, Path path, LongFunction<? extends MemorySegment> room)
      throws IOException, BootException {
    if (!Files.isRegularFile(path)) {
      // Of a pipe nobody knows the size before its end.
      return copied(name, MemorySegment.ofArray(Files.readAllBytes(path)), room);
    }
    try (FileChannel channel = FileChannel.open(path)) {
      long size = channel.size();
      refuseSize(name, size);
      MemorySegment data = room.apply(size);
      ByteBuffer rest = data.asByteBuffer();
      while (rest.hasRemaining()) {
        if (channel.read(rest) < 0) {
          throw new IOException("it became shorter while it was read");
        }
      }
      return data;
    }
  }

  private static MemorySegment copied(
      String name, MemorySegment all, LongFunction<? extends MemorySegment> room)
      throws BootException {
    refuseSize(name, all.byteSize());
    return room.apply(all.byteSize()).copyFrom(all);
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
