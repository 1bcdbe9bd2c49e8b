package dev.kasuari.block.filter;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import java.lang.foreign.MemorySegment;

/** {@code throttle}: no faster than its group may be. */
public final class ThrottleDriver extends FilterDriver<ThrottleDriver.Throttle> {
  /**
   * Which group.
   *
   * @param throttleGroup id of the group of limits
   */
  @Options
  public record Throttle(String throttleGroup) {}

  /** The driver. */
  public ThrottleDriver() {
    super(
        "throttle",
        "limits on what is read and written in a second",
        ThrottleDriverThrottleCodec.CODEC,
        "file");
  }

  @Override
  public BlockNode open(Throttle options, Opening opening) {
    ThrottleGroup group = opening.graph().throttleGroups().get(options.throttleGroup());
    if (group == null) {
      throw new OptionException("Throttle group '" + options.throttleGroup() + "' does not exist");
    }
    BlockNode file = opening.filtered("file");
    return new Node(opening, file, group);
  }

  private static final class Node extends FilterNode {
    private final ThrottleGroup.Member member;

    Node(Opening opening, BlockNode file, ThrottleGroup group) {
      super(opening, file);
      member = group.join();
    }

    @Override
    protected void drained(boolean begins) {
      member.drained(begins);
    }

    @Override
    protected void readAt(long offset, MemorySegment to) {
      member.admit(false, to.byteSize());
      super.readAt(offset, to);
    }

    @Override
    protected void writeAt(long offset, MemorySegment from) {
      member.admit(true, from.byteSize());
      super.writeAt(offset, from);
    }

    @Override
    protected void writeCompressedAt(long offset, MemorySegment from) {
      member.admit(true, from.byteSize());
      passCompressed(offset, from);
    }

    @Override
    protected void zeroAt(long offset, long length, boolean mayUnmap) {
      member.admit(true, length);
      super.zeroAt(offset, length, mayUnmap);
    }

    @Override
    protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
      member.admit(true, length);
      return below().zeroQuickly(offset, length, mayUnmap);
    }

    @Override
    protected void discardAt(long offset, long length) {
      member.admit(true, length);
      super.discardAt(offset, length);
    }
  }
}
