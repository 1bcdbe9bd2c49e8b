package dev.kasuari.block;

import dev.kasuari.qapi.OptionSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A file for what is written to a disk that shall stay as it is ({@code snapshot=on}). */
final class TemporaryOverlay {
  private TemporaryOverlay() {}

  /** Opens an empty overlay over a node that nobody uses yet. Its file has no name any more. */
  static BlockNode over(BlockGraph graph, BlockNode below) {
    Access access = Access.write().withUnmap(true).withCache(true, false);
    BlockNode file = null;
    try {
      Path path = Files.createTempFile(folder(), "kasuari-", ".qcow2");
      try {
        file = graph.openFile("", path.toString(), "file", access);
      } finally {
        Files.delete(path);
      }
      make(Drivers.named("", "qcow2").creator(), file, below.size());
      return graph.open(
          OptionSource.of("", "driver=qcow2", ""), access, Map.of("file", file, "backing", below));
    } catch (IOException e) {
      graph.closeUnused(below);
      throw new BlockException(
          BlockException.Kind.IO_ERROR, "Could not create temporary overlay: " + e);
    } catch (RuntimeException | Error e) {
      if (file != null) {
        graph.closeUnused(file);
      }
      graph.closeUnused(below);
      throw e;
    }
  }

  /** QEMU's: what is in memory on many hosts, as /tmp is, is too small for disks. */
  private static Path folder() {
    String named = System.getenv("TMPDIR");
    Path large = Path.of("/var/tmp");
    if (named != null && !named.isEmpty()) {
      return Path.of(named);
    }
    return Files.isDirectory(large) ? large : Path.of(System.getProperty("java.io.tmpdir"));
  }

  private static <O> void make(
      @org.jspecify.annotations.Nullable ImageCreator<O> creator, BlockNode file, long size) {
    if (creator == null) {
      throw new IllegalStateException("qcow2 images cannot be made");
    }
    creator.create(file, size, creator.options().parse(OptionSource.empty("")));
  }
}
