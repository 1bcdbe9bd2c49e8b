package dev.kasuari.hw.scsi;

import dev.kasuari.machine.memory.DmaFault;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * A task that only a disk does: it writes, gives blocks back, compares. Source: SBC-3, clause 5.
 */
final class DiskWriting {
  /** So many ranges one UNMAP may have. */
  static final int MOST_RANGES = 255;

  /** Bytes that are compared or repeated at a time. */
  private static final int CHUNK = 512 * 1024;

  private static final int UNMAP_HEADER = 8;
  private static final int UNMAP_RANGE = 16;

  /** Blocks of the disk. */
  private record Range(long first, long count) {}

  private final ScsiTask task;
  private final Cdb cdb;
  private final DiskIo io;
  private final ScsiHd.Props props;
  private final boolean through;

  /**
   * A task for a disk.
   *
   * @param through whether all writes end on the medium
   */
  DiskWriting(ScsiTask task, DiskIo io, ScsiHd.Props props, boolean through) {
    this.task = task;
    cdb = task.cdb();
    this.io = io;
    this.props = props;
    this.through = through;
  }

  /** Does it, or begins it; false if there is no such command. */
  boolean perform() throws ScsiFailure, DmaFault {
    switch (cdb.opcode()) {
      case Opcode.WRITE_6 -> io.write(task, cdb.lba(), cdb.blocks(), through);
      case Opcode.WRITE_10, Opcode.WRITE_12, Opcode.WRITE_16 -> {
        ScsiDisk.noProtection(cdb);
        io.write(task, cdb.lba(), cdb.count(), through || cdb.bit(1, 8));
      }
      case Opcode.WRITE_AND_VERIFY_10, Opcode.WRITE_AND_VERIFY_12, Opcode.WRITE_AND_VERIFY_16 -> {
        ScsiDisk.noProtection(cdb);
        io.write(task, cdb.lba(), cdb.count(), true);
      }
      case Opcode.VERIFY_10, Opcode.VERIFY_12, Opcode.VERIFY_16 -> verify();
      case Opcode.UNMAP -> unmap();
      case Opcode.WRITE_SAME_10, Opcode.WRITE_SAME_16 -> writeSame();
      default -> {
        return false;
      }
    }
    return true;
  }

  // Comparing.

  private void verify() throws ScsiFailure, DmaFault {
    ScsiDisk.noProtection(cdb);
    io.checkRange(cdb.lba(), cdb.count());
    switch (cdb.u8(1) >> 1 & 3) {
      case 0 -> task.good();
      case 1 -> {
        task.needOut(cdb.count() * props.logicalBlockSize());
        compare(0);
      }
      default -> throw ScsiFailure.of(Sense.INVALID_FIELD);
    }
  }

  private void compare(long at) {
    long all = cdb.count() * props.logicalBlockSize();
    if (at >= all) {
      task.good(all);
      return;
    }
    byte[] there = new byte[(int) Math.min(CHUNK, all - at)];
    long offset = cdb.lba() * props.logicalBlockSize() + at;
    var memory = List.of(MemorySegment.ofArray(there));
    io.operate(
        task,
        false,
        null,
        done -> props.drive().read(offset, memory, done),
        () -> {
          if (!Arrays.equals(there, task.take(at, there.length))) {
            throw ScsiFailure.of(Sense.MISCOMPARE);
          }
          compare(at + there.length);
        });
  }

  // Giving back.

  private void unmap() throws ScsiFailure, DmaFault {
    int length = cdb.u16(7);
    task.needOut(length);
    if (cdb.bit(1, 1)) { // anchors
      throw ScsiFailure.of(Sense.INVALID_FIELD);
    }
    io.checkWritable();
    if (length == 0) {
      task.good();
      return;
    }
    ByteBuffer list = ByteBuffer.wrap(task.take(0, length));
    if (length < UNMAP_HEADER) {
      throw ScsiFailure.of(Sense.PARAMETER_LENGTH);
    }
    int ranges = list.getShort(2) & 0xffff;
    if ((list.getShort(0) & 0xffff) + 2 > length
        || ranges + UNMAP_HEADER > length
        || ranges % UNMAP_RANGE != 0) {
      throw ScsiFailure.of(Sense.PARAMETER_LENGTH);
    }
    if (ranges / UNMAP_RANGE > MOST_RANGES) {
      throw ScsiFailure.of(Sense.INVALID_PARAMETER);
    }
    var all = new ArrayList<Range>();
    long most = props.maxUnmapSize() / props.logicalBlockSize();
    long total = 0;
    for (int at = UNMAP_HEADER; at < UNMAP_HEADER + ranges; at += UNMAP_RANGE) {
      var range = new Range(list.getLong(at), Integer.toUnsignedLong(list.getInt(at + 8)));
      io.checkRange(range.first(), range.count());
      total += range.count();
      if (range.count() > 0) {
        all.add(range);
      }
    }
    if (total > most) {
      throw ScsiFailure.of(Sense.INVALID_PARAMETER);
    }
    unmap(all.iterator(), length);
  }

  private void unmap(Iterator<Range> ranges, int length) {
    if (!ranges.hasNext()) {
      task.good(length);
      return;
    }
    Range range = ranges.next();
    io.discard(task, range.first(), range.count(), () -> unmap(ranges, length));
  }

  // Repeating a block.

  private void writeSame() throws ScsiFailure, DmaFault {
    boolean none = cdb.length() == 16 && cdb.bit(1, 1); // NDOB: the block is of zeroes
    if ((cdb.u8(1) & 0xf6) != 0) { // protection, ANCHOR, PBDATA, LBDATA
      throw ScsiFailure.of(Sense.INVALID_FIELD);
    }
    io.checkWritable();
    long count = cdb.count();
    int size = props.logicalBlockSize();
    io.checkRange(cdb.lba(), count);
    if (count == 0 || count > Math.max(1, props.maxIoSize() / size)) {
      throw ScsiFailure.of(Sense.INVALID_FIELD);
    }
    byte[] block = new byte[size];
    if (!none) {
      task.needOut(size);
      block = task.take(0, size);
    }
    int taken = none ? 0 : size;
    boolean unmap = cdb.bit(1, 8);
    if (isZero(block)) {
      io.zero(task, cdb.lba(), count, unmap, () -> finish(taken));
      return;
    }
    int blocks = (int) Math.min(count, Math.max(1, CHUNK / size));
    ByteBuffer pattern = ByteBuffer.allocate(blocks * size);
    while (pattern.hasRemaining()) {
      pattern.put(block);
    }
    repeat(MemorySegment.ofArray(pattern.array()), 0, taken);
  }

  private static boolean isZero(byte[] block) {
    for (byte b : block) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  private void repeat(MemorySegment pattern, long done, int taken) {
    long all = cdb.count() * props.logicalBlockSize();
    if (done >= all) {
      finish(taken);
      return;
    }
    MemorySegment part = pattern.asSlice(0, Math.min(pattern.byteSize(), all - done));
    long offset = cdb.lba() * props.logicalBlockSize() + done;
    io.operate(
        task,
        true,
        null,
        ended -> props.drive().write(offset, List.of(part), false, ended),
        () -> repeat(pattern, done + part.byteSize(), taken));
  }

  private void finish(int taken) {
    if (through) {
      io.flush(task);
    } else {
      task.good(taken);
    }
  }
}
