package dev.kasuari.block.cloop;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Opening;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.block.table.PackedNode;
import dev.kasuari.block.table.UnpackedBlocks;
import dev.kasuari.block.table.Zlib;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** An open image. */
final class CloopNode extends PackedNode {
  private final BlockNode file;
  private final Header header;
  private final UnpackedBlocks unpacked = new UnpackedBlocks();

  CloopNode(Opening opening, BlockNode file, Header header) {
    super(opening);
    this.file = file;
    this.header = header;
  }

  @Override
  public long size() {
    return header.blocks() * header.blockSize();
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    int size = header.blockSize();
    for (long done = 0; done < to.byteSize(); ) {
      long index = (offset + done) / size;
      int in = (int) ((offset + done) % size);
      int n = (int) Math.min(size - in, to.byteSize() - done);
      byte[] block = unpacked.get(index, () -> unpack(index));
      MemorySegment.copy(block, in, to, ValueLayout.JAVA_BYTE, done, n);
      done += n;
    }
  }

  private byte[] unpack(long index) {
    ByteBuffer ends = FileBytes.read(file, Header.OFFSETS + index * 8, 2 * 8, ByteOrder.BIG_ENDIAN);
    long begin = ends.getLong(0);
    int length = (int) (ends.getLong(8) - begin);
    byte[] block = new byte[header.blockSize()];
    ByteBuffer packed = FileBytes.read(file, begin, length, ByteOrder.BIG_ENDIAN);
    Zlib.inflate(packed, false, ByteBuffer.wrap(block), "cloop: block " + index);
    return block;
  }

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    return BlockStatus.packed(length);
  }
}
