package dev.kasuari.block.filter;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.Options;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * {@code blklogwrites}: writes what is written once more to a log, in the order in which it ended.
 * Source: Linux, "dm-log-writes", whose format it is: a super block, then for each write an entry
 * of a sector and the data.
 */
public final class BlklogwritesDriver extends FilterDriver<BlklogwritesDriver.Blklogwrites> {
  /**
   * How.
   *
   * @param logAppend whether the log goes on after what it has
   * @param logSectorSize bytes of a sector of the log; a power of two
   * @param logSuperUpdateInterval after so many entries the super block counts them; flushes do,
   *     too
   */
  @Options
  public record Blklogwrites(
      @Options.Default("off") boolean logAppend,
      @Options.Default("512") @Options.Range(min = 512, max = 1 << 23) int logSectorSize,
      @Options.Default("4096") @Options.Range(min = 1) long logSuperUpdateInterval) {}

  /** The driver. */
  public BlklogwritesDriver() {
    super(
        "blklogwrites",
        "logs writes as dm-log-writes does",
        BlklogwritesDriverBlklogwritesCodec.CODEC,
        "file",
        "log");
  }

  @Override
  public BlockNode open(Blklogwrites options, Opening opening) {
    if (Integer.bitCount(options.logSectorSize()) != 1) {
      throw BlockException.invalid("Invalid log sector size " + options.logSectorSize());
    }
    BlockNode file = opening.filtered("file");
    return new Node(opening, file, opening.data("log"), options);
  }

  private static final class Node extends FilterNode {
    private static final long MAGIC = 0x6a736677736872L;
    private static final int FLUSH = 1;
    private static final int DISCARD = 4;
    private static final ValueLayout.OfLong LONG =
        ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
        ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final BlockNode log;
    private final long interval;
    private int sector;

    /** Sectors of the log that are used. */
    private long used = 1;

    private long entries;

    Node(Opening opening, BlockNode file, BlockNode log, Blklogwrites options) {
      super(opening, file);
      this.log = log;
      interval = options.logSuperUpdateInterval();
      sector = options.logSectorSize();
      if (options.logAppend()) {
        resume();
      } else {
        superBlock();
      }
    }

    /** Finds the end of a log that is there, entry by entry. */
    private void resume() {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment head = arena.allocate(512);
        log.read(0, head);
        int size = head.get(INT, 24);
        if (head.get(LONG, 0) != MAGIC || head.get(LONG, 8) != 1) {
          throw BlockException.invalid("Not a valid log file");
        }
        if (size < 512 || size > 1 << 23 || Integer.bitCount(size) != 1) {
          throw BlockException.invalid("Invalid log sector size " + size);
        }
        sector = size;
        entries = head.get(LONG, 16);
        for (long i = 0; i < entries; i++) {
          MemorySegment entry = head.asSlice(0, 32);
          if (used > log.size() / sector) {
            throw BlockException.invalid("The log ends before its last entry");
          }
          log.read(used * sector, entry);
          boolean discard = (entry.get(LONG, 16) & DISCARD) != 0;
          long data = discard ? 0 : entry.get(LONG, 8);
          if (data < 0 || data > log.size() / sector) {
            throw BlockException.invalid("The log has an entry that is longer than itself");
          }
          used += 1 + data;
        }
      }
    }

    private synchronized void superBlock() {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment block = arena.allocate(sector);
        block.set(LONG, 0, MAGIC);
        block.set(LONG, 8, 1);
        block.set(LONG, 16, entries);
        block.set(INT, 24, sector);
        log.write(0, block);
      }
    }

    private synchronized void entry(
        long offset, long length, int flags, @Nullable MemorySegment data) {
      try (Arena arena = Arena.ofConfined()) {
        long sectors = (length + sector - 1) / sector;
        MemorySegment block = arena.allocate(sector);
        block.set(LONG, 0, offset / sector);
        block.set(LONG, 8, sectors);
        block.set(LONG, 16, flags);
        block.set(LONG, 24, 0); // what follows is data only of marks
        log.write(used * sector, block);
        if (data != null) {
          log.write((used + 1) * sector, data);
        } else if (flags == 0) {
          log.writeZeroes((used + 1) * sector, length, true);
        }
        used += 1 + (flags == 0 ? sectors : 0);
        entries++;
        if (entries % interval == 0) {
          superBlock();
        }
      }
    }

    @Override
    protected void writeAt(long offset, MemorySegment from) {
      refuseUnaligned(offset, from.byteSize());
      super.writeAt(offset, from);
      entry(offset, from.byteSize(), 0, from);
    }

    @Override
    protected void zeroAt(long offset, long length, boolean mayUnmap) {
      refuseUnaligned(offset, length);
      super.zeroAt(offset, length, mayUnmap);
      entry(offset, length, 0, null);
    }

    @Override
    protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
      refuseUnaligned(offset, length);
      boolean quick = below().zeroQuickly(offset, length, mayUnmap);
      if (quick) {
        entry(offset, length, 0, null);
      }
      return quick;
    }

    @Override
    protected void discardAt(long offset, long length) {
      refuseUnaligned(offset, length);
      super.discardAt(offset, length);
      entry(offset, length, DISCARD, null);
    }

    private void refuseUnaligned(long offset, long length) {
      if (((offset | length) & (sector - 1)) != 0) {
        throw BlockException.invalid("the log has sectors of " + sector + " bytes");
      }
    }

    @Override
    protected void flushNow() {
      super.flushNow();
      entry(0, 0, FLUSH, null);
      superBlock();
      log.flush();
    }
  }
}
