package dev.kasuari.block.table;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Blocks of a compressed image that have been used lately: who reads some sectors of a block will
 * read its others, too. It has a bound, but for one block that is larger.
 */
public final class UnpackedBlocks {
  private static final long MOST_BYTES = 16 << 20;

  private final Map<Long, byte[]> blocks = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;

  /** The bytes of a block, which nobody changes. Several threads may unpack one at once. */
  public byte[] get(long index, Supplier<byte[]> unpacker) {
    synchronized (this) {
      byte[] there = blocks.get(index);
      if (there != null) {
        return there;
      }
    }
    byte[] made = unpacker.get();
    synchronized (this) {
      byte[] before = blocks.put(index, made);
      bytes += made.length - (before == null ? 0 : before.length);
      var oldest = blocks.values().iterator();
      while (bytes > MOST_BYTES && blocks.size() > 1) {
        bytes -= oldest.next().length;
        oldest.remove();
      }
    }
    return made;
  }
}
