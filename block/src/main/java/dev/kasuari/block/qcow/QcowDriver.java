package dev.kasuari.block.qcow;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code qcow}: QEMU copy on write, version 1. */
public final class QcowDriver implements BlockDriver<QcowDriver.Qcow> {
  /** It has no options of its own. */
  @Options
  public record Qcow() {}

  @Override
  public String name() {
    return "qcow";
  }

  @Override
  public String doc() {
    return "QEMU copy on write, version 1";
  }

  @Override
  public OptionCodec<Qcow> options() {
    return QcowDriverQcowCodec.CODEC;
  }

  @Override
  public List<String> slots() {
    return List.of("file", "backing");
  }

  @Override
  public ImageCreator<?> creator() {
    return new Creator();
  }

  @Override
  public BlockNode open(Qcow options, Opening opening) {
    BlockNode file = opening.file();
    if (!file.writable()) {
      opening.readOnly();
    }
    Header header = Header.read(file);
    return new QcowNode(opening, file, backing(opening, file, header), header);
  }

  private static @Nullable BlockNode backing(Opening opening, BlockNode file, Header header) {
    return opening.backingOf(file, header.backingFile(), null);
  }

  /**
   * How one is made.
   *
   * @param backingFile File name of a base image
   * @param backingFmt Format of the backing image
   */
  @Options
  record Creation(
      @Options.Name("backing_file") @Nullable String backingFile,
      @Options.Name("backing_fmt") @Nullable String backingFmt) {}

  private static final class Creator implements ImageCreator<Creation> {
    private static final long MOST_TABLES = 1 << 27;

    @Override
    public OptionCodec<Creation> options() {
      return QcowDriverCreationCodec.CODEC;
    }

    @Override
    public void create(BlockNode file, long size, Creation o) {
      Header header = Header.create(size, o.backingFile());
      if (header.tables() > MOST_TABLES) {
        throw new BlockException(
            BlockException.Kind.TOO_LARGE, "The image size is too large for file format 'qcow'");
      }
      header.write(file);
      file.flush();
    }
  }
}
