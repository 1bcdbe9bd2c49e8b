package dev.kasuari.block.raw;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The beginning of a file whose format nobody said. If a guest could make it look like an image of
 * some format, it would be opened as one the next time, with the backing file that the guest names.
 */
final class GuessedHead {
  private final BlockNode file;

  GuessedHead(BlockNode file) {
    this.file = file;
  }

  /** True if it has any bytes from {@code offset} on. */
  static boolean has(long offset) {
    return offset < ImageFormat.PROBE_SIZE;
  }

  synchronized void write(long offset, MemorySegment from) {
    refuseDisguise(offset, from.byteSize(), from);
    file.write(offset, from);
  }

  synchronized void writeZeroes(long offset, long length, boolean mayUnmap) {
    refuseDisguise(offset, length, null);
    file.writeZeroes(offset, length, mayUnmap);
  }

  synchronized boolean zeroQuickly(long offset, long length, boolean mayUnmap) {
    refuseDisguise(offset, length, null);
    return file.zeroQuickly(offset, length, mayUnmap);
  }

  /** Looks at it as it would be; no {@code from} is zeroes. */
  private void refuseDisguise(long offset, long length, @Nullable MemorySegment from) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment head = arena.allocate(ImageFormat.PROBE_SIZE);
      file.read(0, head.asSlice(0, Math.min(head.byteSize(), file.size())));
      long changed = Math.min(length, head.byteSize() - offset);
      MemorySegment part = head.asSlice(offset, changed);
      if (from == null) {
        part.fill((byte) 0);
      } else {
        part.copyFrom(from.asSlice(0, changed));
      }
      ImageFormat format = ImageFormat.probe(head, "");
      if (format != ImageFormat.RAW) {
        throw new BlockException(
            BlockException.Kind.READ_ONLY,
            "its format was not specified, and it would look like " + format.option());
      }
    }
  }
}
