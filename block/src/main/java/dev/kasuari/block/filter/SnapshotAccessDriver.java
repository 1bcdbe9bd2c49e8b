package dev.kasuari.block.filter;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Permission;
import dev.kasuari.qapi.Options;
import java.lang.foreign.MemorySegment;

/** {@code snapshot-access}: shows what a {@code copy-before-write} node keeps. */
public final class SnapshotAccessDriver extends FilterDriver<SnapshotAccessDriver.SnapshotAccess> {
  /** Nothing to choose. */
  @Options
  public record SnapshotAccess() {}

  /** The driver. */
  public SnapshotAccessDriver() {
    super(
        "snapshot-access",
        "what a disk was when its copy-before-write node was opened; read only",
        SnapshotAccessDriverSnapshotAccessCodec.CODEC,
        "file");
  }

  @Override
  public BlockNode open(SnapshotAccess options, Opening opening) {
    opening.readOnly();
    BlockNode file =
        opening.child(
            "file", opening.access(), Permission.of(Permission.CONSISTENT_READ), Permission.all());
    if (!(file instanceof CopyBeforeWriteNode kept)) {
      throw BlockException.invalid("'" + file.name() + "' is not a copy-before-write node");
    }
    return new Node(opening, kept);
  }

  private static final class Node extends BlockNode {
    private final CopyBeforeWriteNode kept;

    Node(Opening opening, CopyBeforeWriteNode kept) {
      super(opening);
      this.kept = kept;
    }

    @Override
    public long size() {
      return kept.todo().size();
    }

    @Override
    protected void readAt(long offset, MemorySegment to) {
      kept.readKept(offset, to);
    }

    @Override
    protected void writeAt(long offset, MemorySegment from) {
      throw new IllegalStateException("read only");
    }

    @Override
    protected void zeroAt(long offset, long length, boolean mayUnmap) {
      throw new IllegalStateException("read only");
    }

    @Override
    protected void discardAt(long offset, long length) {
      throw new IllegalStateException("read only");
    }

    @Override
    protected void flushNow() {}

    @Override
    protected BlockStatus statusAt(long offset, long length) {
      return BlockStatus.packed(length);
    }
  }
}
