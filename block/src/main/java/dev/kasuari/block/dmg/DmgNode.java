package dev.kasuari.block.dmg;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Opening;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.block.table.PackedNode;
import dev.kasuari.block.table.UnpackedBlocks;
import dev.kasuari.block.table.Zlib;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;

/** An open image. */
final class DmgNode extends PackedNode {
  private final BlockNode file;
  private final long size;
  private final List<Chunk> chunks;
  private final UnpackedBlocks unpacked = new UnpackedBlocks();

  DmgNode(Opening opening, BlockNode file, long size, List<Chunk> chunks) {
    super(opening);
    this.file = file;
    this.size = size;
    this.chunks = chunks;
  }

  @Override
  public long size() {
    return size;
  }

  /** The chunk that has a byte of the disk, or the first one behind it. */
  private int find(long offset) {
    int low = 0;
    int high = chunks.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (chunks.get(middle).end() <= offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    for (long done = 0; done < to.byteSize(); ) {
      long at = offset + done;
      int index = find(at);
      if (index == chunks.size() || chunks.get(index).start() > at) {
        throw BlockException.corrupt(
            "dmg: sector " + at / Trailer.SECTOR + " is in none of the image's chunks");
      }
      Chunk chunk = chunks.get(index);
      MemorySegment part = to.asSlice(done, Math.min(to.byteSize() - done, chunk.end() - at));
      read(chunk, index, at - chunk.start(), part);
      done += part.byteSize();
    }
  }

  private void read(Chunk chunk, int index, long in, MemorySegment to) {
    switch (chunk.kind()) {
      case ZERO -> to.fill((byte) 0);
      case RAW -> file.read(chunk.offset() + in, to);
      default -> {
        byte[] bytes = unpacked.get(index, () -> unpack(chunk, "dmg: chunk " + index));
        MemorySegment.copy(bytes, (int) in, to, ValueLayout.JAVA_BYTE, 0, (int) to.byteSize());
      }
    }
  }

  private byte[] unpack(Chunk chunk, String what) {
    if (chunk.kind().unknown != null) {
      throw BlockException.notSupported(
          what + " is compressed by " + chunk.kind().unknown + ", which is not supported");
    }
    byte[] bytes = new byte[Math.toIntExact(chunk.length())];
    byte[] packed = new byte[Math.toIntExact(chunk.stored())];
    FileBytes.read(file, chunk.offset(), packed.length, ByteOrder.BIG_ENDIAN).get(0, packed);
    if (chunk.kind() == Chunk.Kind.ZLIB) {
      Zlib.inflate(ByteBuffer.wrap(packed), false, ByteBuffer.wrap(bytes), what);
    } else {
      bunzip(packed, bytes, what);
    }
    return bytes;
  }

  private static void bunzip(byte[] packed, byte[] bytes, String what) {
    try (var in = new BZip2CompressorInputStream(new ByteArrayInputStream(packed))) {
      if (in.readNBytes(bytes, 0, bytes.length) < bytes.length) {
        throw BlockException.corrupt(what + " ends too early");
      }
    } catch (IOException | IndexOutOfBoundsException e) { // the library has both for nonsense
      throw BlockException.corrupt(what + " is damaged: " + e.getMessage());
    }
  }

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    int index = find(offset);
    if (index == chunks.size()) {
      return BlockStatus.packed(length);
    }
    Chunk chunk = chunks.get(index);
    if (chunk.start() > offset) {
      return BlockStatus.packed(Math.min(length, chunk.start() - offset));
    }
    long run = Math.min(length, chunk.end() - offset);
    return switch (chunk.kind()) {
      case ZERO -> BlockStatus.zero(run, BlockStatus.NO_OFFSET);
      case RAW -> BlockStatus.data(run, chunk.offset() + offset - chunk.start());
      default -> BlockStatus.packed(run);
    };
  }
}
