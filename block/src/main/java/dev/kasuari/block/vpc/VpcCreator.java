package dev.kasuari.block.vpc;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Makes images. */
final class VpcCreator implements ImageCreator<VpcCreator.Creation> {
  private static final int BLOCK_SIZE = 2 << 20;

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
   * @param subformat Type of virtual hard disk format. Supported formats are {dynamic (default) |
   *     fixed}
   * @param forceSize Force disk size calculation to use the actual size specified, rather than
   *     using the nearest CHS-based calculation
   */
  @Options
  record Creation(
      @Nullable Subformat subformat, @Options.Name("force_size") @Nullable Boolean forceSize) {
    boolean fixed() {
      return subformat == Subformat.FIXED;
    }
  }

  @Override
  public OptionCodec<Creation> options() {
    return VpcCreatorCreationCodec.CODEC;
  }

  @Override
  public void create(BlockNode file, long size, Creation options) {
    boolean exact = options.forceSize() != null && options.forceSize();
    ChsGeometry geometry = exact ? ChsGeometry.LARGEST : ChsGeometry.atLeast(size / 512);
    boolean bySize = geometry.equals(ChsGeometry.LARGEST);
    long rounded = bySize ? size : geometry.total() * 512;
    if (rounded / 512 > Footer.MOST_SECTORS) {
      throw new BlockException(
          BlockException.Kind.TOO_LARGE, "The image size is too large for file format 'vpc'");
    }
    if (options.fixed()) {
      file.truncate(rounded + Footer.SIZE, Preallocation.OFF);
      Footer.create(rounded, geometry, Footer.FIXED).write(file, rounded);
    } else {
      createDynamic(file, rounded, Footer.create(rounded, geometry, Footer.DYNAMIC));
    }
    file.flush();
  }

  private static void createDynamic(BlockNode file, long size, Footer footer) {
    int entries = (int) ((size + BLOCK_SIZE - 1) / BLOCK_SIZE);
    SparseHeader header = SparseHeader.create(entries, BLOCK_SIZE);
    byte[] table = new byte[(entries * 4 + 511) & -512];
    Arrays.fill(table, (byte) 0xff);
    footer.write(file, 0);
    header.write(file, Footer.SIZE);
    FileBytes.write(file, header.tableOffset(), table);
    footer.write(file, header.tableOffset() + table.length);
  }

  @Override
  public long measureUnit(Creation options) {
    return BLOCK_SIZE;
  }
}
