package dev.kasuari.block.vhdx;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Making;
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

  /** Of one with another behind it, as Hyper-V has it. */
  private static final int DIFFERENCING_BLOCK = 2 << 20;

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
   * @param backingFile File name of a base image
   * @param backingFmt Image format of the base image
   * @param logSize Log size; min 1MB.
   * @param blockSize Block Size; min 1MB, max 256MB. 0 means auto-calculate based on image size.
   * @param subformat VHDX format type, can be either 'dynamic' or 'fixed'. Default is 'dynamic'.
   * @param blockStateZero Force use of payload blocks of type 'ZERO'. Non-standard, but default. Do
   *     not set to 'off' when using 'qemu-img convert' with subformat=dynamic.
   */
  @Options
  record Creation(
      @Options.Name("backing_file") @Nullable String backingFile,
      @Options.Name("backing_fmt") @Nullable String backingFmt,
      @Options.Name("log_size") @Options.Default("1M") @Options.Size long logSize,
      @Options.Name("block_size") @Options.Default("0") @Options.Size long blockSize,
      @Nullable Subformat subformat,
      @Options.Name("block_state_zero") @Nullable Boolean blockStateZero) {
    boolean fixed() {
      return subformat == Subformat.FIXED;
    }

    /** What blocks are before they are written. */
    long unwritten() {
      return blockStateZero == null || blockStateZero ? BlockTable.ZERO : BlockTable.NOT_PRESENT;
    }

    int blockBytes(long size) {
      if (blockSize != 0) {
        return (int) Math.min(blockSize, Integer.MAX_VALUE);
      }
      if (backingFile != null) {
        return DIFFERENCING_BLOCK;
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
    create(file, size, o, null);
  }

  /** An image with a parent has what differs from it: nothing yet. */
  @Override
  public void create(Making making, BlockNode file, long size, Creation o) {
    if (o.backingFile() == null) {
      create(file, size, o);
      return;
    }
    refuse(o.fixed(), "vhdx: a fixed image has nothing behind it");
    refuse(
        o.blockStateZero() != null && o.blockStateZero(),
        "vhdx: blocks that are zero would hide what is behind the image");
    ParentImage parent = ParentImage.of(making, o.backingFile(), o.backingFmt());
    refuse(
        size != parent.size(),
        "vhdx: a differencing image has the size of the one behind it, %d bytes, not %d"
            .formatted(parent.size(), size));
    create(file, size, o, parent);
  }

  private static void create(BlockNode file, long size, Creation o, @Nullable ParentImage parent) {
    refuseNonsense(size, o);
    int logLength = (int) o.logSize();
    int block = o.blockBytes(size);
    Regions regions =
        parent == null
            ? Regions.create(size, block, o.fixed(), logLength, 512, null)
            : Regions.create(size, block, false, logLength, parent.sector(), parent.locator());
    ByteBuffer first = Structure.allocate(520);
    first.put(0, "vhdxfile".getBytes(StandardCharsets.US_ASCII));
    first.put(8, "Kasuari".getBytes(StandardCharsets.UTF_16LE));
    file.writeZeroes(0, regions.end(), true);
    FileBytes.write(file, 0, first);
    Header.create(file, logLength);
    regions.write(file);
    if (parent == null) {
      writeTable(file, regions, o);
    }
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
    if (!o.fixed() && o.unwritten() == BlockTable.NOT_PRESENT) {
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
        part.putLong(i * 8, bitmap ? 0 : o.fixed() ? place | BlockTable.PRESENT : o.unwritten());
      }
      FileBytes.write(file, regions.table() + done * 8, part);
    }
  }
}
