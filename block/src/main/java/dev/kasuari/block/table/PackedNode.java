package dev.kasuari.block.table;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.Json;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/** An image of a format that is only read, and that says nothing of itself but its disk. */
public abstract class PackedNode extends BlockNode implements ImageNode {
  /** A node; {@code opening} has given up writing. */
  protected PackedNode(Opening opening) {
    super(opening);
  }

  @Override
  public Facts facts() {
    return new Facts(0, false, false, null, null, new Json.Members(Map.of()));
  }

  @Override
  protected final void writeAt(long offset, MemorySegment from) {
    throw neverWritten();
  }

  @Override
  protected final void zeroAt(long offset, long length, boolean mayUnmap) {
    throw neverWritten();
  }

  @Override
  protected final void discardAt(long offset, long length) {
    throw neverWritten();
  }

  private IllegalStateException neverWritten() {
    return new IllegalStateException(name() + " is read only");
  }

  @Override
  protected final void flushNow() {}
}
