package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import java.lang.foreign.MemorySegment;

/**
 * What a machine was, kept like bytes of the disk but behind its end: from the first L1 entry on
 * that describes none of it ("Snapshot table", size of the VM state). Another size of the disk is
 * another place, so that it is gone then.
 */
final class MachineState {
  private final Qcow2Node image;
  private final Resize resize;
  private final Geometry g;

  MachineState(Qcow2Node image, Resize resize) {
    this.image = image;
    this.resize = resize;
    g = image.g;
  }

  /** Where it begins, as if that were on the disk. */
  long start() {
    return g.l1Entries(image.size()) * g.l2Span();
  }

  /** Reads what was written, and zeroes where nothing was. */
  void read(long offset, MemorySegment to) {
    refuseNonsense(offset, to.byteSize(), BlockException.Kind.IO_ERROR);
    image.file.event("vmstate_load");
    long room = image.locked(() -> image.map.l1().length) * g.l2Span();
    long from = start() + offset;
    long there = Math.clamp(room - from, 0, to.byteSize());
    if (there > 0) {
      image.readAt(from, to.asSlice(0, there));
    }
    to.asSlice(there).fill((byte) 0);
  }

  /** Writes anywhere; the table grows as far as it must. */
  void write(long offset, MemorySegment from) {
    refuseNonsense(offset, from.byteSize(), BlockException.Kind.TOO_LARGE);
    image.file.event("vmstate_save");
    if (from.byteSize() == 0) {
      return;
    }
    long at = start() + offset;
    resize.makeRoom(at + from.byteSize());
    image.writeAt(at, from);
  }

  private void refuseNonsense(long offset, long length, BlockException.Kind kind) {
    if (offset < 0 || offset > Long.MAX_VALUE - start() - length) {
      throw new BlockException(kind, "there is no place for a machine's state so far behind");
    }
  }
}
