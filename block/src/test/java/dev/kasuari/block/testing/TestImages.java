package dev.kasuari.block.testing;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Making;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Makes and opens images for tests. */
public final class TestImages {
  private TestImages() {}

  /** An empty image of a format. */
  public static void create(String format, Path path, long size, String options)
      throws IOException {
    Files.write(path, new byte[0]);
    var graph = new BlockGraph();
    BlockNode file = graph.openFile("", path.toString(), "file", Access.write());
    Child use =
        graph.use(
            "test", file, BlockGraph.takenBy(Access.write()), BlockGraph.sharedBy(Access.write()));
    try {
      create(format, new Making(graph, path.toString()), file, size, options);
    } finally {
      graph.release(use);
    }
  }

  /** An empty image of a format in a file that is there. */
  public static void create(String format, BlockNode file, long size, String options) {
    create(format, new BlockGraph(), file, size, options);
  }

  /** An empty image of a format in a file that is there, with a graph that knows its secrets. */
  public static void create(
      String format, BlockGraph graph, BlockNode file, long size, String options) {
    create(format, new Making(graph, file.name()), file, size, options);
  }

  /** An empty image that names objects of a graph, in a file that is there. */
  public static void create(
      BlockGraph graph, String format, BlockNode file, long size, String options) {
    create(format, new Making(graph, file.name()), file, size, options);
  }

  private static void create(
      String format, Making making, BlockNode file, long size, String options) {
    BlockDriver<?> driver = Drivers.named("", format);
    ImageCreator<?> creator = driver.creator();
    if (creator == null) {
      throw new AssertionError(format + " images cannot be made");
    }
    create(creator, making, file, size, options);
  }

  private static <O> void create(
      ImageCreator<O> creator, Making making, BlockNode file, long size, String options) {
    creator.create(making, file, size, creator.options().parse(OptionSource.of("-o", options, "")));
  }

  /**
   * Opens an image for as long as {@code work} takes.
   *
   * @param format null to find it out
   */
  public static void with(
      @Nullable String format, Path path, Access access, Consumer<BlockNode> work) {
    var graph = new BlockGraph();
    BlockNode node = graph.openFile("", path.toString(), format, access);
    Child use = graph.use("test", node, BlockGraph.takenBy(access), BlockGraph.sharedBy(access));
    try {
      work.accept(node);
    } finally {
      graph.release(use);
    }
  }

  public static byte[] read(BlockNode node, long offset, long length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length);
      node.read(offset, bytes);
      return bytes.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  public static void write(BlockNode node, long offset, byte[] from, int at, int length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length);
      MemorySegment.copy(from, at, bytes, ValueLayout.JAVA_BYTE, 0, length);
      node.write(offset, bytes);
    }
  }

  public static long firstDifference(BlockNode node, byte[] expected) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(expected.length);
      node.read(0, bytes);
      return bytes.mismatch(MemorySegment.ofArray(expected));
    }
  }

  /** Joins runs that say the same. */
  public static void addRun(List<String> runs, long start, long length, String what) {
    if (!runs.isEmpty()) {
      String[] last = runs.getLast().split(": ", 2);
      String[] range = last[0].split(" ", 2);
      if (last[1].equals(what)) {
        runs.removeLast();
        runs.add(range[0] + " " + (Long.parseLong(range[1]) + length) + ": " + what);
        return;
      }
    }
    runs.add(start + " " + length + ": " + what);
  }

  public static long number(Map<String, Json> members, String key) {
    return members.get(key) instanceof Json.Num number ? number.value().longValueExact() : -1;
  }

  public static boolean bool(Map<String, Json> members, String key) {
    return members.get(key) instanceof Json.Bool bool && bool.value();
  }
}
