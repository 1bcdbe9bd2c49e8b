package dev.kasuari.block.luks;

import dev.kasuari.block.BlockNode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The part of a node where a header and its keys are.
 *
 * @param base the byte where it begins
 * @param length its bytes, at most
 */
public record Area(BlockNode node, long base, long length) {
  byte[] read(long at, int bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment to = arena.allocate(bytes);
      node.read(base + at, to);
      return to.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  void write(long at, byte[] bytes, int from, int count) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(count);
      MemorySegment.copy(bytes, from, out, ValueLayout.JAVA_BYTE, 0, count);
      node.write(base + at, out);
    }
  }
}
