package dev.kasuari.block.file;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** {@code null-co}: takes everything and has nothing. */
public final class NullDriver implements BlockDriver<NullDriver.Null> {
  /**
   * How much nothing.
   *
   * @param size of the disk
   * @param readZeroes whether what is read is zero; otherwise it is what was in the buffer
   * @param filename how it was named where it was named by a file name
   */
  @Options
  public record Null(
      @Options.Default("1G") @Options.Size long size,
      @Options.Default("off") boolean readZeroes,
      @Nullable String filename) {}

  @Override
  public String name() {
    return "null-co";
  }

  @Override
  public String doc() {
    return "nothing: what is written is forgotten";
  }

  @Override
  public OptionCodec<Null> options() {
    return NullDriverNullCodec.CODEC;
  }

  @Override
  public BlockNode open(Null options, Opening opening) {
    return new NullNode(opening, options);
  }

  private static final class NullNode extends BlockNode {
    private final Null options;

    NullNode(Opening opening, Null options) {
      super(opening);
      this.options = options;
    }

    @Override
    public String filename() {
      return "null-co://";
    }

    @Override
    public long size() {
      return options.size();
    }

    @Override
    public long allocatedSize() {
      return 0;
    }

    @Override
    protected void accessChanging(Access to) {}

    @Override
    protected void readAt(long offset, MemorySegment to) {
      if (options.readZeroes()) {
        to.fill((byte) 0);
      }
    }

    @Override
    protected void writeAt(long offset, MemorySegment from) {}

    @Override
    protected void zeroAt(long offset, long length, boolean mayUnmap) {}

    @Override
    protected void discardAt(long offset, long length) {}

    @Override
    protected void flushNow() {}

    @Override
    protected BlockStatus statusAt(long offset, long length) {
      return options.readZeroes()
          ? BlockStatus.zero(length, offset)
          : BlockStatus.data(length, offset);
    }
  }
}
