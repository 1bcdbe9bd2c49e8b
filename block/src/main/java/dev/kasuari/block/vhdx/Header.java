package dev.kasuari.block.vhdx;

import static dev.kasuari.block.vhdx.Structure.refuse;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.FileBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The two headers, of which the one with the higher number counts ([MS-VHDX] 2.2.2, "Headers"). A
 * change is written to the other one, so that there is one at any instant.
 */
final class Header {
  private static final int SIGNATURE = 0x6461_6568; // head
  private static final int LENGTH = 4096;

  /** Replaying takes its square in the worst case. */
  static final int MOST_LOG = 64 << 20;

  private static final long[] PLACES = {64 << 10, 128 << 10};

  private ByteBuffer bytes;
  private int current;

  private Header(ByteBuffer bytes, int current) {
    this.bytes = bytes;
    this.current = current;
  }

  /** The header that counts. */
  static Header read(BlockNode file) {
    ByteBuffer first = at(file, 0);
    ByteBuffer second = at(file, 1);
    refuse(first == null && second == null, "both headers are damaged");
    boolean later =
        first == null
            || (second != null && Long.compareUnsigned(second.getLong(8), first.getLong(8)) > 0);
    ByteBuffer bytes = later ? second : first;
    Header header = new Header(java.util.Objects.requireNonNull(bytes), later ? 1 : 0);
    header.refuseNonsense(file.size());
    return header;
  }

  private static @Nullable ByteBuffer at(BlockNode file, int which) {
    ByteBuffer in = FileBytes.read(file, PLACES[which], LENGTH, ByteOrder.LITTLE_ENDIAN);
    return in.getInt(0) == SIGNATURE && Structure.whole(in) ? in : null;
  }

  private void refuseNonsense(long fileSize) {
    refuse(bytes.getShort(66) != 1, "version " + bytes.getShort(66));
    refuse(logged() && bytes.getShort(64) != 0, "log version " + bytes.getShort(64));
    long end = logOffset() + logLength();
    refuse(
        logLength() <= 0
            || logLength() > MOST_LOG
            || logLength() % Structure.MEBIBYTE != 0
            || logOffset() < Structure.MEBIBYTE
            || logOffset() % Structure.MEBIBYTE != 0
            || end < 0
            || end > fileSize,
        "a log of %d bytes at %d".formatted(logLength(), logOffset()));
  }

  /** Both headers of a new image. */
  static void create(BlockNode file, int logLength) {
    ByteBuffer out = Structure.allocate(LENGTH);
    out.putInt(0, SIGNATURE).put(16, FileBytes.guid()).put(32, FileBytes.guid());
    out.putShort(66, (short) 1).putInt(68, logLength).putLong(72, Structure.MEBIBYTE);
    for (int i = 0; i < 2; i++) {
      out.putLong(8, i + 1);
      Structure.seal(out);
      FileBytes.write(file, PLACES[i], out);
    }
  }

  long logOffset() {
    return bytes.getLong(72);
  }

  int logLength() {
    return bytes.getInt(68);
  }

  synchronized byte[] logId() {
    return Structure.guid(bytes, 48);
  }

  /** What the bytes that a guest sees are known by: another one as soon as they change. */
  synchronized byte[] dataWriteId() {
    return Structure.guid(bytes, 32);
  }

  /** True if the log may have something that is not where it belongs. */
  synchronized boolean logged() {
    return bytes.getLong(48) != 0 || bytes.getLong(56) != 0;
  }

  /**
   * The file is written from now on, and with it what a guest sees.
   *
   * @param id what {@link #dataWriteId} is then
   */
  synchronized void beginChanges(BlockNode file, byte[] id) {
    write(file, copy().put(16, FileBytes.guid()).put(32, id));
  }

  /** Changes of metadata are in a log of this name from now on. */
  synchronized void beginLog(BlockNode file, byte[] id) {
    write(file, copy().put(16, FileBytes.guid()).put(48, id));
  }

  /** All is where it belongs. */
  synchronized void endLog(BlockNode file) {
    write(file, copy().put(48, new byte[16]));
  }

  private ByteBuffer copy() {
    ByteBuffer out = Structure.allocate(LENGTH);
    return out.put(0, bytes, 0, LENGTH);
  }

  private void write(BlockNode file, ByteBuffer next) {
    next.putLong(8, bytes.getLong(8) + 1);
    Structure.seal(next);
    FileBytes.write(file, PLACES[1 - current], next);
    file.flush();
    current = 1 - current;
    bytes = next;
  }
}
