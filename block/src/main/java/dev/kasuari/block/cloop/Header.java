package dev.kasuari.block.cloop;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.FileBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The beginning of an image (cloop, "compressed_loop.h", version 2): 128 bytes of a shell script,
 * then big-endian numbers: the size of a block, the number of blocks, and where each begins, and
 * where the last one ends, 64 bits each.
 *
 * @param blockSize bytes, unpacked
 */
record Header(int blockSize, long blocks) {
  static final int OFFSETS = 136;
  private static final int SCRIPT = 128;
  private static final int MOST_BLOCK = 64 << 20;
  private static final long MOST_OFFSETS = 512L << 20;
  private static final int CHUNK = 1 << 13;

  /**
   * Reads and checks a header, and where blocks are.
   *
   * @throws BlockException naming what is wrong
   */
  static Header read(BlockNode file) {
    ByteBuffer in = FileBytes.read(file, SCRIPT, OFFSETS - SCRIPT, ByteOrder.BIG_ENDIAN);
    long blockSize = Integer.toUnsignedLong(in.getInt(0));
    long blocks = Integer.toUnsignedLong(in.getInt(4));
    refuse(blockSize % 512 != 0, "block_size " + blockSize + " must be a multiple of 512");
    refuse(blockSize == 0, "block_size cannot be zero");
    refuse(
        blockSize > MOST_BLOCK,
        "block_size %d must be %d MB or less".formatted(blockSize, MOST_BLOCK >> 20));
    refuse(
        (blocks + 1) * 8 > MOST_OFFSETS,
        "image requires too many offsets, try increasing block size");
    refuse(OFFSETS + (blocks + 1) * 8 > file.size(), "the offsets are not in the file");
    var header = new Header((int) blockSize, blocks);
    header.refuseWrongOffsets(file);
    return header;
  }

  private void refuseWrongOffsets(BlockNode file) {
    long last = OFFSETS + (blocks + 1) * 8;
    for (long done = 0; done <= blocks; done += CHUNK) {
      int n = (int) Math.min(CHUNK, blocks + 1 - done);
      ByteBuffer in = FileBytes.read(file, OFFSETS + done * 8, n * 8, ByteOrder.BIG_ENDIAN);
      for (int i = 0; i < n; i++) {
        long offset = in.getLong(i * 8);
        long index = done + i;
        refuse(
            offset < last,
            index == 0
                ? "block 0 begins at " + offset + ", in the offsets"
                : "offsets not monotonically increasing at index "
                    + index
                    + ", image file is corrupt");
        refuse(
            index > 0 && offset - last > 2L * MOST_BLOCK,
            "invalid compressed block size at index " + index + ", image file is corrupt");
        refuse(offset > file.size(), "block " + index + " begins behind the end of the file");
        last = offset;
      }
    }
  }

  private static void refuse(boolean wrong, String what) {
    if (wrong) {
      throw BlockException.invalid("cloop: " + what);
    }
  }
}
