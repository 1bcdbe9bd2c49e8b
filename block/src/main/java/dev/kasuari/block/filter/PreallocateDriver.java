package dev.kasuari.block.filter;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Preallocation;
import dev.kasuari.qapi.Options;
import java.lang.foreign.MemorySegment;

/** {@code preallocate}: makes a file that grows by writes grow in large steps. */
public final class PreallocateDriver extends FilterDriver<PreallocateDriver.Preallocate> {
  /**
   * How far.
   *
   * @param preallocAlign the file's end is a multiple of it, bytes
   * @param preallocSize how much is added at once, bytes
   */
  @Options
  public record Preallocate(
      @Options.Default("1M") @Options.Size long preallocAlign,
      @Options.Default("128M") @Options.Size long preallocSize) {}

  /** The driver. */
  public PreallocateDriver() {
    super(
        "preallocate",
        "room for a growing file in large steps",
        PreallocateDriverPreallocateCodec.CODEC,
        "file");
  }

  @Override
  public BlockNode open(Preallocate options, Opening opening) {
    if (options.preallocAlign() < 512 || options.preallocAlign() % 512 != 0) {
      throw BlockException.invalid(
          "prealloc-align parameter of preallocate filter is not aligned to 512");
    }
    return new Node(opening, opening.filtered("file"), options);
  }

  private static final class Node extends FilterNode {
    private final Preallocate options;
    private final Object growing = new Object();

    /** What users see as the end; the file may go on. */
    private volatile long end;

    private volatile long allocated;

    Node(Opening opening, BlockNode file, Preallocate options) {
      super(opening, file);
      this.options = options;
      end = file.size();
      allocated = end;
    }

    @Override
    public long size() {
      return end;
    }

    @Override
    protected void writeAt(long offset, MemorySegment from) {
      grow(offset + from.byteSize());
      super.writeAt(offset, from);
    }

    @Override
    protected void zeroAt(long offset, long length, boolean mayUnmap) {
      grow(offset + length);
      super.zeroAt(offset, length, mayUnmap);
    }

    @Override
    protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
      grow(offset + length);
      return below().zeroQuickly(offset, length, mayUnmap);
    }

    private void grow(long to) {
      if (to <= end) {
        return;
      }
      synchronized (growing) {
        if (to > allocated) {
          long align = options.preallocAlign();
          long target = (to + options.preallocSize() + align - 1) / align * align;
          try {
            below().truncate(target, Preallocation.FALLOC);
            allocated = target;
          } catch (BlockException e) {
            allocated = Math.max(to, below().size()); // without room there is none ahead either
          }
        }
        end = Math.max(end, to);
      }
    }

    @Override
    protected void truncateTo(long size, Preallocation preallocation) {
      synchronized (growing) {
        below().truncate(size, preallocation);
        end = size;
        allocated = size;
      }
    }

    @Override
    protected void accessChanging(Access to) {
      if (!to.writable()) {
        giveBack();
      }
    }

    @Override
    protected void closeNow() {
      giveBack();
    }

    private void giveBack() {
      synchronized (growing) {
        if (writable() && allocated > end) {
          below().truncate(end, Preallocation.OFF);
          allocated = end;
        }
      }
    }
  }
}
