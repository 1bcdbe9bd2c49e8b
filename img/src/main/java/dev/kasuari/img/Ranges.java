package dev.kasuari.img;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Buffers;
import dev.kasuari.block.Extent;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Copies runs as they are. */
final class Ranges {
  private static final int BUFFER = 1 << 20;

  private Ranges() {}

  static void copy(BlockNode from, BlockNode to, Extent run) {
    if (run.zero()) {
      to.writeZeroes(run.start(), run.length(), true);
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = Buffers.allocate(arena, Math.min(BUFFER, run.length()));
      for (long done = 0; done < run.length(); ) {
        MemorySegment part = buffer.asSlice(0, Math.min(BUFFER, run.length() - done));
        from.read(run.start() + done, part);
        to.write(run.start() + done, part);
        done += part.byteSize();
      }
    }
  }
}
