package dev.kasuari.tcg;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The files of {@link CodeArchive}s: of all kinds of machines, and of builds that are gone. */
final class ArchiveFolder {
  /** How a file's name ends. */
  static final String CODE = ".code";

  /** How it ends while it is being written. */
  static final String PART = ".part";

  private static final Duration ABANDONED = Duration.ofDays(1);

  private ArchiveFolder() {}

  /**
   * Removes what killed processes began, and what was not used for the longest time.
   *
   * @param limit bytes that all files may have together
   */
  static void tidy(Path folder, long limit) throws IOException {
    Instant before = Instant.now().minus(ABANDONED);
    for (Path part : files(folder, PART)) {
      if (Files.getLastModifiedTime(part).toInstant().isBefore(before)) {
        Files.deleteIfExists(part);
      }
    }
    List<Path> files = files(folder, CODE);
    Map<Path, FileTime> times = new HashMap<>();
    long bytes = 0;
    for (Path file : files) {
      times.put(file, Files.getLastModifiedTime(file));
      bytes += Files.size(file);
    }
    files.sort(Comparator.comparing(times::get));
    for (int i = 0; i < files.size() - 1 && bytes > limit; i++) {
      bytes -= Files.size(files.get(i));
      Files.deleteIfExists(files.get(i));
    }
  }

  private static List<Path> files(Path folder, String ending) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, "*" + ending)) {
      all.forEach(files::add);
    }
    return files;
  }
}
