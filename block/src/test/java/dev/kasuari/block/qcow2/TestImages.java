package dev.kasuari.block.qcow2;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
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

/** Makes and opens images for tests. */
final class TestImages {
  private TestImages() {}

  static void create(Path path, long size, String options) throws IOException {
    Files.write(path, new byte[0]);
    var graph = new BlockGraph();
    BlockNode file = graph.openFile("", path.toString(), "file", Access.write());
    Child use =
        graph.use(
            "test", file, BlockGraph.takenBy(Access.write()), BlockGraph.sharedBy(Access.write()));
    try {
      new Qcow2Creator()
          .create(
              file,
              size,
              Qcow2CreatorCreationCodec.CODEC.parse(OptionSource.of("-o", options, "")));
    } finally {
      graph.release(use);
    }
  }

  static void with(Path path, Access access, Consumer<BlockNode> work) {
    var graph = new BlockGraph();
    BlockNode node = graph.openFile("", path.toString(), "qcow2", access);
    Child use = graph.use("test", node, BlockGraph.takenBy(access), BlockGraph.sharedBy(access));
    try {
      work.accept(node);
    } finally {
      graph.release(use);
    }
  }

  static byte[] read(BlockNode node, long offset, long length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length);
      node.read(offset, bytes);
      return bytes.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  static void write(BlockNode node, long offset, byte[] from, int at, int length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length);
      MemorySegment.copy(from, at, bytes, ValueLayout.JAVA_BYTE, 0, length);
      node.write(offset, bytes);
    }
  }

  static long firstDifference(BlockNode node, byte[] expected) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(expected.length);
      node.read(0, bytes);
      return bytes.mismatch(MemorySegment.ofArray(expected));
    }
  }

  /** Joins runs that say the same. */
  static void addRun(List<String> runs, long start, long length, String what) {
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

  static long number(Map<String, Json> members, String key) {
    return members.get(key) instanceof Json.Num number ? number.value().longValueExact() : -1;
  }

  static boolean bool(Map<String, Json> members, String key) {
    return members.get(key) instanceof Json.Bool bool && bool.value();
  }
}
