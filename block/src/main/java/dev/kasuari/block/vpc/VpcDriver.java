package dev.kasuari.block.vpc;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code vpc}: virtual hard disks, fixed, dynamic, and differencing. */
public final class VpcDriver implements BlockDriver<VpcDriver.Vpc> {
  /** What says how large a disk is. */
  public enum SizeCalculation {
    /** Its geometry. */
    CHS,
    /** A field of the footer. */
    @Options.Name("current_size")
    CURRENT_SIZE
  }

  /**
   * How one is opened.
   *
   * @param forceSizeCalc what says how large the disk is; by who made it if left out
   */
  @Options
  public record Vpc(@Options.Name("force_size_calc") @Nullable SizeCalculation forceSizeCalc) {}

  @Override
  public String name() {
    return "vpc";
  }

  @Override
  public String doc() {
    return "virtual hard disk (VHD) of Virtual PC and Hyper-V";
  }

  @Override
  public OptionCodec<Vpc> options() {
    return VpcDriverVpcCodec.CODEC;
  }

  @Override
  public List<String> slots() {
    return List.of("file", "backing");
  }

  @Override
  public ImageCreator<?> creator() {
    return new VpcCreator();
  }

  @Override
  public BlockNode open(Vpc options, Opening opening) {
    BlockNode file = opening.file();
    if (!file.writable()) {
      opening.readOnly();
    }
    Footer footer = Footer.read(file);
    long size = footer.size(options.forceSizeCalc());
    if (size < 0 || size / 512 > Footer.MOST_SECTORS) {
      throw new BlockException(BlockException.Kind.TOO_LARGE, "vpc: a disk of " + size + " bytes");
    }
    return switch (footer.type()) {
      case Footer.FIXED -> new FixedNode(opening, file, size);
      case Footer.DYNAMIC -> new DynamicNode(opening, file, footer, size);
      case Footer.DIFFERENCING -> differencing(opening, file, footer, size);
      default -> throw BlockException.notSupported("vpc: a disk of type " + footer.type());
    };
  }

  private static BlockNode differencing(Opening opening, BlockNode file, Footer footer, long size) {
    SparseHeader header = SparseHeader.read(file, footer.dataOffset(), size);
    String name = header.parentName(file);
    BlockNode parent = opening.backingOf(file, name, "vpc");
    if (parent instanceof VpcImage image && !image.id().equals(header.parentId())) {
      throw BlockException.invalid(
          "vpc: the image behind it, '" + name + "', is not the one that it was made for");
    }
    return new DifferencingNode(opening, file, footer, header, size, parent, name);
  }
}
