package dev.kasuari.block.table;

import dev.kasuari.block.BlockNode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/** Structures of an image's file as byte buffers. */
public final class FileBytes {
  private FileBytes() {}

  /** So many bytes of a file; what is behind its end is zero. */
  public static ByteBuffer read(BlockNode file, long offset, int length, ByteOrder order) {
    byte[] bytes = new byte[length];
    int there = Math.clamp(file.size() - offset, 0, length);
    if (there > 0) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment from = arena.allocate(there);
        file.read(offset, from);
        MemorySegment.copy(from, ValueLayout.JAVA_BYTE, 0, bytes, 0, there);
      }
    }
    return ByteBuffer.wrap(bytes).order(order);
  }

  /** Writes all of a buffer, wherever its position is. */
  public static void write(BlockNode file, long offset, ByteBuffer bytes) {
    byte[] all = new byte[bytes.limit()];
    bytes.get(0, all);
    write(file, offset, all);
  }

  /** Writes bytes. */
  public static void write(BlockNode file, long offset, byte[] bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment to = arena.allocate(bytes.length);
      MemorySegment.copy(bytes, 0, to, ValueLayout.JAVA_BYTE, 0, bytes.length);
      file.write(offset, to);
    }
  }

  /** Hears a number of a table. */
  public interface Entries {
    /** An entry by its index. */
    void entry(int index, int value);
  }

  /** All entries of a table of 32 bits each, past all caches. */
  public static void forEachInt(
      BlockNode file, long offset, int count, ByteOrder order, Entries entries) {
    int chunk = 1 << 16;
    for (int done = 0; done < count; done += chunk) {
      int n = Math.min(chunk, count - done);
      ByteBuffer part = read(file, offset + done * 4L, n * 4, order);
      for (int i = 0; i < n; i++) {
        entries.entry(done + i, part.getInt(i * 4));
      }
    }
  }

  /** A random UUID in the order in which Windows has its fields: the first three little endian. */
  public static byte[] guid() {
    return guid(UUID.randomUUID());
  }

  /** The bytes of a UUID with its first three fields little endian. */
  public static byte[] guid(UUID uuid) {
    long high = uuid.getMostSignificantBits();
    byte[] bytes = new byte[16];
    ByteBuffer out = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt((int) (high >>> 32)).putShort((short) (high >>> 16)).putShort((short) high);
    out.order(ByteOrder.BIG_ENDIAN).putLong(uuid.getLeastSignificantBits());
    return bytes;
  }
}
