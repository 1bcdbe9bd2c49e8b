package dev.kasuari.block.vhdx;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Makes images. */
final class VhdxCreator implements ImageCreator<VhdxCreator.Creation> {
  private static final int CHUNK = 1 << 16;
  private static final long NOT_PRESENT = 0;
  private static final long ZERO = 2;
  private static final long PRESENT = 6;

  /** Whether all of it is there from the start. */
  enum Subformat {
    /** It grows. */
    DYNAMIC,
    /** All is there. */
    FIXED
  }

  /**
   * How an image is made.
   *
   * @param logSize Log size; min 1MB.
   * @param blockSize Block Size; min 1MB, max 256MB. 0 means auto-calculate based on image size.
   * @param subformat VHDX format type, can be either 'dynamic' or 'fixed'. Default is 'dynamic'.
   * @param blockStateZero Force use of payload blocks of type 'ZERO'. Non-standard, but default. Do
   *     not set to 'off' when using 'qemu-img convert' with subformat=dynamic.
   */
  @Options
  record Creation(
      @Options.Name("log_size") @Options.Default("1M") @Options.Size long logSize,
      @Options.Name("block_size") @Options.Default("0") @Options.Size long blockSize,
      @Nullable Subformat subformat,
      @Options.Name("block_state_zero") @Nullable Boolean blockStateZero) {
    boolean fixed() {
      return subformat == Subformat.FIXED;
    }

    /** What blocks are before they are written. */
    long unwritten() {
      return blockStateZero == null || blockStateZero ? ZERO : NOT_PRESENT;
    }

    int blockBytes(long size) {
      if (blockSize != 0) {
        return (int) Math.min(blockSize, Integer.MAX_VALUE);
      }
      return size > 32L << 40
          ? 64 << 20
          : size > 100L << 30 ? 32 << 20 : size > 1L << 30 ? 16 << 20 : 8 << 20;
    }
  }

  @Override
  public OptionCodec<Creation> options() {
    return VhdxCreatorCreationCodec.CODEC;
  }

  @Override
  public void create(BlockNode file, long size, Creation o) {
    refuseNonsense(size, o);
    int logLength = (int) o.logSize();
    Regions regions = Regions.create(size, o.blockBytes(size), o.fixed(), logLength);
    ByteBuffer first = Structure.allocate(520);
    first.put(0, "vhdxfile".getBytes(StandardCharsets.US_ASCII));
    first.put(8, "Kasuari".getBytes(StandardCharsets.UTF_16LE));
    file.writeZeroes(0, regions.end(), true);
    FileBytes.write(file, 0, first);
    Header.create(file, logLength);
    regions.write(file);
    writeTable(file, regions, o);
    if (o.fixed()) {
      file.truncate(regions.end() + regions.blocks() * regions.blockSize(), Preallocation.OFF);
    }
    file.flush();
  }

  private static void refuseNonsense(long size, Creation o) {
    refuse(size > Regions.MOST_SIZE, "Image size too large; max of 64TB");
    refuse(size <= 0, "a disk of no bytes");
    refuse(
        o.logSize() < Structure.MEBIBYTE
            || o.logSize() % Structure.MEBIBYTE != 0
            || o.logSize() > Header.MOST_LOG,
        "Log size must be a multiple of 1 MB, and at most 64 MB");
    long block = o.blockSize();
    refuse(block % Structure.MEBIBYTE != 0, "Block size must be a multiple of 1 MB");
    refuse(Long.bitCount(block) > 1, "Block size must be a power of two");
    refuse(block > 256 << 20, "Block size must not exceed 268435456");
  }

  private static void refuse(boolean wrong, String what) {
    if (wrong) {
      throw BlockException.invalid(what);
    }
  }

  private static void writeTable(BlockNode file, Regions regions, Creation o) {
    if (!o.fixed() && o.unwritten() == NOT_PRESENT) {
      return;
    }
    long ratio = regions.chunkRatio();
    for (long done = 0; done < regions.entries(); done += CHUNK) {
      int n = (int) Math.min(CHUNK, regions.entries() - done);
      ByteBuffer part = Structure.allocate(n * 8);
      for (int i = 0; i < n; i++) {
        long at = done + i;
        boolean bitmap = at % (ratio + 1) == ratio;
        long block = at - at / (ratio + 1);
        long place = regions.end() + block * regions.blockSize();
        part.putLong(i * 8, bitmap ? 0 : o.fixed() ? place | PRESENT : o.unwritten());
      }
      FileBytes.write(file, regions.table() + done * 8, part);
    }
  }

  @Override
  public long measureUnit(Creation o) {
    return o.blockBytes(0);
  }
}
