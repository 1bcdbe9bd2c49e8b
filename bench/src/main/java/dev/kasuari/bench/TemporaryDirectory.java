package dev.kasuari.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A directory that goes away with what is in it. */
record TemporaryDirectory(Path path) implements AutoCloseable {
  static TemporaryDirectory in(Path parent) throws IOException {
    return new TemporaryDirectory(Files.createTempDirectory(parent, "making-"));
  }

  static TemporaryDirectory create() throws IOException {
    return new TemporaryDirectory(Files.createTempDirectory("kasuari-bench-"));
  }

  @Override
  public void close() throws IOException {
    List<Path> all;
    try (Stream<Path> tree = Files.walk(path)) {
      all = tree.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : all) {
      Files.deleteIfExists(file);
    }
  }
}
