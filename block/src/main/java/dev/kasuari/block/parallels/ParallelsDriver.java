package dev.kasuari.block.parallels;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.util.List;

/** {@code parallels}: expandable images of Parallels Desktop. */
public final class ParallelsDriver implements BlockDriver<ParallelsDriver.Parallels> {
  /** It has no options of its own. */
  @Options
  public record Parallels() {}

  @Override
  public String name() {
    return "parallels";
  }

  @Override
  public String doc() {
    return "Parallels expandable image";
  }

  @Override
  public OptionCodec<Parallels> options() {
    return ParallelsDriverParallelsCodec.CODEC;
  }

  @Override
  public List<String> slots() {
    return List.of("file");
  }

  @Override
  public ImageCreator<?> creator() {
    return new Creator();
  }

  @Override
  public BlockNode open(Parallels options, Opening opening) {
    BlockNode file = opening.file();
    if (!file.writable()) {
      opening.readOnly();
    }
    Header header = Header.read(file);
    boolean writes = opening.access().writable();
    if (writes && header.extension() != 0) {
      throw BlockException.notSupported(
          "parallels: an image with an extension (bitmaps, encryption) is only read");
    }
    ParallelsNode node = new ParallelsNode(opening, file, header);
    if (writes && !opening.access().recovery()) {
      CheckResult result = header.inUse() ? node.check(CheckResult.Repair.ALL, line -> {}) : null;
      if (result != null && result.corruptions() > 0) {
        throw BlockException.corrupt("parallels: Image was not closed correctly");
      }
      node.setInUse(true);
    }
    return node;
  }

  /**
   * How one is made.
   *
   * @param clusterSize Parallels image cluster size
   */
  @Options
  record Creation(
      @Options.Name("cluster_size") @Options.Default("1M") @Options.Size long clusterSize) {}

  private static final class Creator implements ImageCreator<Creation> {
    @Override
    public OptionCodec<Creation> options() {
      return ParallelsDriverCreationCodec.CODEC;
    }

    @Override
    public void create(BlockNode file, long size, Creation o) {
      Header header = Header.create(size, o.clusterSize());
      file.writeZeroes(0, header.dataBegin(), true);
      header.write(file);
      file.flush();
    }
  }
}
