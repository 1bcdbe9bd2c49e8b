package dev.kasuari.block.file;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** {@code null-co}, {@code null-aio}: takes everything and has nothing. */
public final class NullDriver implements BlockDriver<NullDriver.Null> {
  /**
   * How much nothing.
   *
   * @param size of the disk
   * @param latencyNs how long each request takes, nanoseconds
   * @param readZeroes whether what is read is zero; otherwise it is what was in the buffer
   * @param filename how it was named where it was named by a file name
   */
  @Options
  public record Null(
      @Options.Default("1G") @Options.Size long size,
      @Options.Default("0") @Options.Range(min = 0) long latencyNs,
      @Options.Default("off") boolean readZeroes,
      @Nullable String filename) {}

  private final String name;

  /** The driver by one of its names. */
  public NullDriver(String name) {
    this.name = name;
  }

  @Override
  public String name() {
    return name;
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
      return driver() + "://";
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
      takeTime();
      if (options.readZeroes()) {
        to.fill((byte) 0);
      }
    }

    @Override
    protected void writeAt(long offset, MemorySegment from) {
      takeTime();
    }

    @Override
    protected void zeroAt(long offset, long length, boolean mayUnmap) {}

    @Override
    protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
      return true;
    }

    @Override
    protected void discardAt(long offset, long length) {}

    @Override
    protected void flushNow() {
      takeTime();
    }

    private void takeTime() {
      long end = System.nanoTime() + options.latencyNs();
      while (options.latencyNs() > 0 && System.nanoTime() < end) {
        LockSupport.parkNanos(end - System.nanoTime());
      }
    }

    @Override
    protected BlockStatus statusAt(long offset, long length) {
      return options.readZeroes()
          ? BlockStatus.zero(length, offset)
          : BlockStatus.data(length, offset);
    }
  }
}
