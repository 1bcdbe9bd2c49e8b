package dev.kasuari.block.nbd;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Opening;
import dev.kasuari.block.RangeLocks;
import dev.kasuari.block.Zeroes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** An export of a server. Requests of any thread are under way at once, up to a bound. */
final class NbdNode extends BlockNode {
  /** The longest request without data: less than 32 bits, and a multiple of any block. */
  private static final long MAX_LENGTH = 1L << 30;

  private final NbdTarget target;
  private final NbdLink link;
  private final ExportInfo info;
  private final boolean knowsStatus;
  private final RangeLocks writing = new RangeLocks();

  NbdNode(Opening opening, NbdTarget target, NbdLink link) {
    super(opening);
    this.target = target;
    this.link = link;
    info = link.info();
    knowsStatus = link.canStatus();
  }

  @Override
  public String filename() {
    return target.toString();
  }

  @Override
  public long size() {
    return info.size();
  }

  private boolean aligned(long offset, long length) {
    return ((offset | length) & (info.minimum() - 1)) == 0;
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    if (!aligned(offset, to.byteSize())) {
      long start = offset & -info.minimum();
      long end = offset + to.byteSize() + info.minimum() - 1 & -info.minimum();
      try (Arena arena = Arena.ofShared()) {
        MemorySegment whole = arena.allocate(end - start);
        readAt(start, whole);
        MemorySegment.copy(whole, offset - start, to, 0, to.byteSize());
      }
      return;
    }
    pieces(
        to.byteSize(),
        info.maximum(),
        (at, length) ->
            link.perform(c -> {
              c.read(offset + at, to.asSlice(at, length));
              return true;
            }));
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    long start = offset & -info.minimum();
    long end = offset + from.byteSize() + info.minimum() - 1 & -info.minimum();
    if (info.minimum() == 1) {
      send(offset, from);
      return;
    }
    // What a block has beside is read and written back; nobody else writes there meanwhile.
    RangeLocks.Range range = writing.hold(start, end, true);
    try {
      if (aligned(offset, from.byteSize())) {
        send(offset, from);
        return;
      }
      try (Arena arena = Arena.ofShared()) {
        MemorySegment whole = arena.allocate(end - start);
        readAt(start, whole);
        MemorySegment.copy(from, 0, whole, offset - start, from.byteSize());
        send(start, whole);
      }
    } finally {
      writing.release(range);
    }
  }

  private void send(long offset, MemorySegment from) {
    pieces(
        from.byteSize(),
        info.maximum(),
        (at, length) ->
            link.perform(c -> {
              c.write(offset + at, from.asSlice(at, length));
              return true;
            }));
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    if (!info.can(Nbd.FLAG_SEND_WRITE_ZEROES) || !aligned(offset, length)) {
      Zeroes.write(this, offset, length);
      return;
    }
    command(Nbd.CMD_WRITE_ZEROES, mayUnmap ? 0 : Nbd.CMD_FLAG_NO_HOLE, offset, length);
  }

  @Override
  protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
    boolean can = info.can(Nbd.FLAG_SEND_WRITE_ZEROES) && info.can(Nbd.FLAG_SEND_FAST_ZERO);
    if (!can || !aligned(offset, length)) {
      return false;
    }
    int flags = Nbd.CMD_FLAG_FAST_ZERO | (mayUnmap ? 0 : Nbd.CMD_FLAG_NO_HOLE);
    try {
      command(Nbd.CMD_WRITE_ZEROES, flags, offset, length);
      return true;
    } catch (BlockException e) {
      if (e.kind() == BlockException.Kind.NOT_SUPPORTED) {
        return false;
      }
      throw e;
    }
  }

  @Override
  protected void discardAt(long offset, long length) {
    long start = offset + info.minimum() - 1 & -info.minimum();
    long end = offset + length & -info.minimum();
    if (info.can(Nbd.FLAG_SEND_TRIM) && end > start) {
      command(Nbd.CMD_TRIM, 0, start, end - start);
    }
  }

  private void command(int type, int flags, long offset, long length) {
    pieces(
        length,
        MAX_LENGTH,
        (at, part) ->
            link.perform(c -> {
              c.command(type, flags, offset + at, part);
              return true;
            }));
  }

  @Override
  protected void flushNow() {
    if (info.can(Nbd.FLAG_SEND_FLUSH) && !access().noFlush()) {
      link.perform(c -> {
        c.command(Nbd.CMD_FLUSH, 0, 0, 0);
        return true;
      });
    }
  }

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    if (!knowsStatus) {
      return BlockStatus.data(length, offset);
    }
    long start = offset & -info.minimum();
    long end = Math.min(offset + length + info.minimum() - 1 & -info.minimum(), size());
    long asked = Math.min(end - start, MAX_LENGTH);
    NbdConnection.Run run = link.perform(c -> c.status(start, asked)).getFirst();
    long known = Math.min(Math.max(run.length() - (offset - start), 1), length);
    boolean hole = (run.flags() & Nbd.STATE_HOLE) != 0;
    boolean zero = (run.flags() & Nbd.STATE_ZERO) != 0;
    return new BlockStatus(known, !hole, zero, true, offset, false);
  }

  @Override
  protected void closeNow() {
    link.close();
  }

  /** A part of a request. */
  private interface Piece {
    void run(long at, long length);
  }

  private static void pieces(long length, long most, Piece piece) {
    for (long at = 0; at < length; ) {
      long part = Math.min(most, length - at);
      piece.run(at, part);
      at += part;
    }
  }
}
