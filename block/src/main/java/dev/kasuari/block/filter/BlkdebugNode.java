package dev.kasuari.block.filter;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Opening;
import dev.kasuari.block.RangeLocks;
import dev.kasuari.block.filter.BlkdebugDriver.IoType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A node whose requests fail by rules. */
public final class BlkdebugNode extends FilterNode {
  private final BlkdebugDriver.Blkdebug options;
  private final BlkdebugRules rules;
  private final long align;
  private final RangeLocks writing = new RangeLocks();

  BlkdebugNode(
      Opening opening, BlockNode image, BlkdebugDriver.Blkdebug options, BlkdebugRules rules) {
    super(opening, image);
    this.options = options;
    this.rules = rules;
    align = Math.max(1, options.align());
  }

  /** Holds who comes to that event next, under a name. */
  public void breakpoint(String event, String tag) {
    BlkdebugEvents.check("", event);
    rules.breakpoint(event, tag);
  }

  /** Lets go on who is held under that name; false if there is no such name. */
  public boolean resume(String tag) {
    return rules.resume(tag);
  }

  /** True while somebody is held under that name. */
  public boolean held(String tag) {
    return rules.held(tag);
  }

  @Override
  public void event(String name) {
    rules.event(name);
  }

  @Override
  protected void closeNow() {
    rules.resumeAll();
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    long start = offset & -align;
    long end = (offset + to.byteSize() + align - 1) & -align;
    if (start == offset && end == offset + to.byteSize()) {
      readWhole(offset, to);
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment all = arena.allocate(end - start);
      readWhole(start, all.asSlice(0, inside(start, end)));
      to.copyFrom(all.asSlice(offset - start, to.byteSize()));
    }
  }

  /** As much of a range as there is, where the node below does not grow. */
  private long inside(long start, long end) {
    return below().growsWhenWritten() ? end - start : Math.min(end, below().size()) - start;
  }

  private void readWhole(long offset, MemorySegment to) {
    pieces(
        to.byteSize(),
        options.maxTransfer(),
        (at, length) -> {
          rules.request(IoType.READ, offset + at, length);
          below().read(offset + at, to.asSlice(at, length));
        });
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    long start = offset & -align;
    long end = (offset + from.byteSize() + align - 1) & -align;
    boolean whole = start == offset && end == offset + from.byteSize();
    RangeLocks.Range range = writing.hold(start, end, !whole);
    try {
      if (whole) {
        writeWhole(offset, from);
      } else {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment all = arena.allocate(end - start).asSlice(0, inside(start, end));
          readWhole(start, all);
          all.asSlice(offset - start, from.byteSize()).copyFrom(from);
          writeWhole(start, all);
        }
      }
    } finally {
      writing.release(range);
    }
  }

  private void writeWhole(long offset, MemorySegment from) {
    pieces(
        from.byteSize(),
        options.maxTransfer(),
        (at, length) -> {
          rules.request(IoType.WRITE, offset + at, length);
          below().write(offset + at, from.asSlice(at, length));
        });
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    pieces(
        length,
        options.maxWriteZero(),
        (at, n) -> {
          rules.request(IoType.WRITE_ZEROES, offset + at, n);
          below().writeZeroes(offset + at, n, mayUnmap);
        });
  }

  @Override
  protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
    long unit = Math.max(align, options.optWriteZero());
    if (offset % unit != 0 || length % unit != 0) {
      return false;
    }
    boolean[] quick = {true};
    pieces(
        length,
        options.maxWriteZero(),
        (at, n) -> {
          rules.request(IoType.WRITE_ZEROES, offset + at, n);
          quick[0] &= below().zeroQuickly(offset + at, n, mayUnmap);
        });
    return quick[0];
  }

  @Override
  protected void discardAt(long offset, long length) {
    pieces(
        length,
        options.maxDiscard(),
        (at, n) -> {
          rules.request(IoType.DISCARD, offset + at, n);
          below().discard(offset + at, n);
        });
  }

  @Override
  protected void flushNow() {
    rules.request(IoType.FLUSH, 0, Long.MAX_VALUE);
    super.flushNow();
  }

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    rules.request(IoType.BLOCK_STATUS, offset, length);
    return super.statusAt(offset, length);
  }

  private interface Piece {
    void run(long at, long length);
  }

  private static void pieces(long length, long most, Piece piece) {
    long step = most == 0 ? length : most;
    for (long at = 0; at < length; at += step) {
      piece.run(at, Math.min(step, length - at));
    }
  }
}
