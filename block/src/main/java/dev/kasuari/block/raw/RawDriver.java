package dev.kasuari.block.raw;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Preallocation;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code raw}: the bytes of a file, or a part of them. */
public final class RawDriver implements BlockDriver<RawDriver.Raw> {
  /**
   * Which part.
   *
   * @param offset where the disk begins
   * @param size how long it is; to the file's end if left out
   */
  @Options
  public record Raw(
      @Options.Default("0") @Options.Size long offset, @Options.Size @Nullable Long size) {}

  /**
   * How one is made.
   *
   * @param preallocation what is there from the start
   */
  @Options
  public record Creation(@Options.Default("off") Preallocation preallocation) {}

  @Override
  public String name() {
    return "raw";
  }

  @Override
  public String doc() {
    return "the bytes of a file, or a part of them";
  }

  @Override
  public OptionCodec<Raw> options() {
    return RawDriverRawCodec.CODEC;
  }

  @Override
  public List<String> slots() {
    return List.of("file");
  }

  @Override
  public BlockNode open(Raw options, Opening opening) {
    BlockNode file = opening.file();
    if (!file.writable()) {
      opening.readOnly();
    }
    return new RawNode(opening, file, options);
  }

  @Override
  public ImageCreator<?> creator() {
    return new Creator();
  }

  private static final class Creator implements ImageCreator<Creation> {
    @Override
    public OptionCodec<Creation> options() {
      return RawDriverCreationCodec.CODEC;
    }

    @Override
    public Measure measure(long size, long data, Creation options) {
      return new Measure(size, size);
    }

    @Override
    public void create(BlockNode file, long size, Creation options) {
      file.truncate(size, options.preallocation());
    }
  }
}
