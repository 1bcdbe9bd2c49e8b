package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A disk that says of each of its parts which it is, and takes only what says so. */
class NumberedDisk extends BlockNode {
  /** Bytes that a command copies or compares at once. */
  static final int PART = 2 << 20;

  private final int parts;
  private final List<Integer> written = Collections.synchronizedList(new ArrayList<>());

  NumberedDisk(int parts) {
    super("numbered", "test", Access.write());
    this.parts = parts;
  }

  /** The parts that were written, in this order. */
  List<Integer> written() {
    return written;
  }

  @Override
  public long size() {
    return (long) parts * PART;
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    to.fill((byte) 0).set(ValueLayout.JAVA_INT_UNALIGNED, 0, (int) (offset / PART) + 1);
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    int part = from.get(ValueLayout.JAVA_INT_UNALIGNED, 0) - 1;
    assertThat(offset).isEqualTo((long) part * PART);
    written.add(part);
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    throw new AssertionError("nothing is zero");
  }

  @Override
  protected void discardAt(long offset, long length) {
    throw new AssertionError("nothing is given up");
  }

  @Override
  protected void flushNow() {}

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    return BlockStatus.data(length, offset);
  }
}
