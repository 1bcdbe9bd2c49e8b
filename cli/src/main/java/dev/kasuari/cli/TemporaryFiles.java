package dev.kasuari.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A folder of files that are gone at the end. */
final class TemporaryFiles implements AutoCloseable {
  private final Path folder;
  private final List<Path> files = new ArrayList<>();

  TemporaryFiles(String prefix) throws IOException {
    folder = Files.createTempDirectory(prefix);
  }

  /** A file in it, to be written. */
  Path path(String name) {
    Path file = folder.resolve(name);
    files.add(file);
    return file;
  }

  @Override
  public void close() throws IOException {
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
    Files.deleteIfExists(folder);
  }
}
