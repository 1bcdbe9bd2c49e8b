package dev.kasuari.block.vpc;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Making;
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
   * @param backingFile File name of a base image
   * @param backingFmt Image format of the base image
   * @param subformat Type of virtual hard disk format. Supported formats are {dynamic (default) |
   *     fixed}
   * @param forceSize Force disk size calculation to use the actual size specified, rather than
   *     using the nearest CHS-based calculation
   */
  @Options
  record Creation(
      @Options.Name("backing_file") @Nullable String backingFile,
      @Options.Name("backing_fmt") @Nullable String backingFmt,
      @Nullable Subformat subformat,
      @Options.Name("force_size") @Nullable Boolean forceSize) {
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
    SparseHeader header = header(size);
    footer.write(file, 0);
    header.write(file, Footer.SIZE);
    footer.write(file, writeTable(file, header));
  }

  private static SparseHeader header(long size) {
    return SparseHeader.create((int) ((size + BLOCK_SIZE - 1) / BLOCK_SIZE), BLOCK_SIZE);
  }

  /** Writes a table without blocks; returns where it ends. */
  private static long writeTable(BlockNode file, SparseHeader header) {
    byte[] table = new byte[(int) SparseHeader.tableSize(header.entries())];
    Arrays.fill(table, (byte) 0xff);
    FileBytes.write(file, header.tableOffset(), table);
    return header.tableOffset() + table.length;
  }

  /** An image with a parent has what differs from it: nothing yet. */
  @Override
  public void create(Making making, BlockNode file, long size, Creation options) {
    if (options.backingFile() == null) {
      create(file, size, options);
      return;
    }
    if (options.fixed()) {
      throw BlockException.invalid("vpc: a fixed image has nothing behind it");
    }
    ParentImage parent = ParentImage.of(making, options.backingFile(), options.backingFmt());
    if (size != parent.size()) {
      throw BlockException.invalid(
          "vpc: a differencing image has the size of the one behind it, "
              + parent.size()
              + " bytes, not "
              + size);
    }
    Footer footer = parent.footer().child();
    SparseHeader header = header(size);
    header.parent(parent);
    footer.write(file, 0);
    header.write(file, Footer.SIZE);
    long _ = writeTable(file, header);
    footer.write(file, header.writeLocators(file, parent));
    file.flush();
  }
}
