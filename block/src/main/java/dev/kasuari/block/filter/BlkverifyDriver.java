package dev.kasuari.block.filter;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.Options;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** {@code blkverify}: an image that must read as a raw one does to which the same is written. */
public final class BlkverifyDriver extends FilterDriver<BlkverifyDriver.Blkverify> {
  /** Nothing to choose. */
  @Options
  public record Blkverify() {}

  /** The driver. */
  public BlkverifyDriver() {
    super(
        "blkverify",
        "compares an image with a raw one to which the same is written",
        BlkverifyDriverBlkverifyCodec.CODEC,
        "test",
        "raw");
  }

  @Override
  public BlockNode open(Blkverify options, Opening opening) {
    BlockNode test = opening.data("test");
    BlockNode raw = opening.data("raw");
    return new Node(opening, test, raw);
  }

  private static final class Node extends BlockNode {
    private final BlockNode test;
    private final BlockNode raw;

    Node(Opening opening, BlockNode test, BlockNode raw) {
      super(opening);
      this.test = test;
      this.raw = raw;
    }

    @Override
    public long size() {
      return test.size();
    }

    @Override
    protected void readAt(long offset, MemorySegment to) {
      test.read(offset, to);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment expected = arena.allocate(to.byteSize());
        raw.read(offset, expected);
        long at = to.mismatch(expected);
        if (at >= 0) {
          throw BlockException.corrupt(
              "blkverify: read sector_num="
                  + offset / 512
                  + " nb_sectors="
                  + to.byteSize() / 512
                  + " contents mismatch at offset "
                  + (offset + at));
        }
      }
    }

    @Override
    protected void writeAt(long offset, MemorySegment from) {
      raw.write(offset, from);
      test.write(offset, from);
    }

    @Override
    protected void zeroAt(long offset, long length, boolean mayUnmap) {
      raw.writeZeroes(offset, length, mayUnmap);
      test.writeZeroes(offset, length, mayUnmap);
    }

    /** What is discarded may read otherwise in each. */
    @Override
    protected void discardAt(long offset, long length) {}

    @Override
    protected void flushNow() {
      test.flush();
      raw.flush();
    }

    @Override
    protected BlockStatus statusAt(long offset, long length) {
      return BlockStatus.packed(length);
    }
  }
}
