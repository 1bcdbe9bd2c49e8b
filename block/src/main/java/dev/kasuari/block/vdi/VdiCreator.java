package dev.kasuari.block.vdi;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;

/** Makes images. */
final class VdiCreator implements ImageCreator<VdiCreator.Creation> {
  /**
   * How an image is made.
   *
   * @param fixed VDI static (pre-allocated) image
   */
  @Options
  record Creation(@Options.Name("static") @Options.Default("off") boolean fixed) {}

  private static final int CHUNK = 1 << 16;

  @Override
  public OptionCodec<Creation> options() {
    return VdiCreatorCreationCodec.CODEC;
  }

  @Override
  public void create(BlockNode file, long size, Creation options) {
    long most = (long) Header.MOST_BLOCKS * Header.BLOCK_SIZE;
    if (size > most) {
      throw BlockException.notSupported(
          String.format(
              Locale.ROOT,
              "Unsupported VDI image size (size is 0x%x, max supported is 0x%x)",
              size,
              most));
    }
    Header header = Header.create(size, options.fixed());
    header.write(file);
    for (long done = 0; done < header.blocks(); done += CHUNK) {
      int n = (int) Math.min(CHUNK, header.blocks() - done);
      ByteBuffer part = ByteBuffer.allocate((n * 4 + 511) & -512).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < n; i++) {
        part.putInt(i * 4, options.fixed() ? (int) done + i : -1);
      }
      FileBytes.write(file, header.mapOffset() + done * 4, part);
    }
    if (options.fixed()) {
      long end = header.dataOffset() + (long) header.blocks() * Header.BLOCK_SIZE;
      file.truncate(end, Preallocation.OFF);
    }
    file.flush();
  }
}
