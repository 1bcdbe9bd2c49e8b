package dev.kasuari.guests;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A directory of fetched and made files that several processes may use at once. Things appear in it
 * whole or not at all; what is handed out was checked against its SHA-256 just before.
 */
final class GuestCache {
  private static final String SUMS = "SHA256SUMS";
  private static final long PATIENCE_MILLIS = 1_000;

  private final Path root;

  GuestCache(Path root) throws IOException {
    try {
      this.root = Files.createDirectories(root).toRealPath();
    } catch (IOException e) {
      throw new GuestException(
          "cannot use "
              + root
              + " as guest cache: "
              + e
              + ". Set KASUARI_CACHE to a directory"
              + " that can be written.",
          e);
    }
  }

  /** {@code KASUARI_CACHE}, else {@code $XDG_CACHE_HOME} or {@code ~/.cache} + /kasuari/guests. */
  static Path location(Map<String, String> environment) {
    String own = environment.getOrDefault("KASUARI_CACHE", "");
    if (!own.isEmpty()) {
      return Path.of(own).toAbsolutePath();
    }
    String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
    Path base =
        xdg.startsWith("/") ? Path.of(xdg) : Path.of(System.getProperty("user.home"), ".cache");
    return base.resolve("kasuari").resolve("guests").toAbsolutePath();
  }

  Path root() {
    return root;
  }

  /** The right to change the cache, held by one thread of one process at a time. */
  final class Lock implements AutoCloseable {
    private final FileChannel channel;

    private Lock(FileChannel channel) {
      this.channel = channel;
    }

    /** A new empty directory that goes away when the lock does. */
    Path scratch() throws IOException {
      return Files.createTempDirectory(Files.createDirectories(root.resolve("tmp")), "");
    }

    /** Puts a finished file where readers look for it, in one step. */
    Path place(Path finished, String relative) throws IOException {
      Path target = root.resolve(relative);
      Files.createDirectories(parent(target));
      return Files.move(finished, target, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() throws IOException {
      try {
        delete(root.resolve("tmp"));
      } finally {
        channel.close();
      }
    }
  }

  /** Waits for the cache; must not be asked for twice by one thread. */
  Lock lock(Progress progress) throws IOException {
    FileChannel channel =
        FileChannel.open(root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      long start = System.nanoTime();
      boolean told = false;
      while (!tryLock(channel)) {
        if (!told && System.nanoTime() - start > PATIENCE_MILLIS * 1_000_000) {
          progress.note("waiting for another fetch that uses " + root);
          told = true;
        }
        Thread.sleep(50);
      }
      delete(root.resolve("tmp")); // left by a process that was killed
      return new Lock(channel);
    } catch (InterruptedException e) {
      channel.close();
      Thread.currentThread().interrupt();
      throw new GuestException("interrupted while waiting for the guest cache", e);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  // The lock lives as long as its channel, which the caller closes.
  private static boolean tryLock(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false; // another thread of this process
    }
  }

  /** The file if it is there and undamaged, else null. */
  @Nullable Path verified(String relative, String sha256) throws IOException {
    Path file = root.resolve(relative);
    try {
      return Checksum.of(file).equals(sha256) ? file : null;
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /** Fills an empty directory. */
  interface Maker {
    void make(Path directory) throws IOException;
  }

  /** The directory made under this key if all its files are there and undamaged, else null. */
  @Nullable Path made(String key) throws IOException {
    Path directory = root.resolve("made").resolve(key);
    Path sums = directory.resolve(SUMS);
    if (!Files.isRegularFile(sums)) {
      return null;
    }
    for (String line : Files.readAllLines(sums)) {
      String[] words = line.split("  ", 2);
      if (words.length != 2) {
        return null;
      }
      Path file = directory.resolve(words[1]);
      if (!Files.isRegularFile(file) || !Checksum.of(file).equals(words[0])) {
        return null;
      }
    }
    return directory;
  }

  /** The directory of this key, made now unless someone else was faster. */
  Path make(String key, Progress progress, Maker maker) throws IOException {
    try (Lock lock = lock(progress)) {
      Path there = made(key);
      if (there != null) {
        return there;
      }
      Path scratch = lock.scratch();
      maker.make(scratch);
      writeSums(scratch);
      delete(root.resolve("made").resolve(key));
      return lock.place(scratch, "made/" + key);
    }
  }

  private static void writeSums(Path directory) throws IOException {
    Map<String, String> sums = new TreeMap<>();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        sums.put(directory.relativize(file).toString(), Checksum.of(file));
      }
    }
    StringBuilder text = new StringBuilder();
    sums.forEach((name, sum) -> text.append(sum).append("  ").append(name).append('\n'));
    Files.writeString(directory.resolve(SUMS), text);
  }

  static void delete(Path tree) throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(tree)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    } catch (NoSuchFileException e) {
      return;
    }
    for (Path path : all) {
      Files.deleteIfExists(path);
    }
  }

  static Path parent(Path path) {
    Path parent = path.getParent();
    return parent == null ? Path.of("/") : parent;
  }
}
