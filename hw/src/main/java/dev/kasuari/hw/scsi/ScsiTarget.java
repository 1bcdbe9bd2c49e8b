package dev.kasuari.hw.scsi;

import dev.kasuari.machine.memory.DmaFault;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.LongStream;

/** What a target answers itself: who its units are, and what is said for a unit that is none. */
public final class ScsiTarget {
  /** There is no unit, but there could be one (SPC-4, 6.6.2, table 173). */
  private static final byte ABSENT = 0x3f;

  /** There can be no unit of that number. */
  private static final byte IMPOSSIBLE = 0x7f;

  private static final int LUN_BYTES = 8;

  private ScsiTarget() {}

  /**
   * Gives a task to a unit, or answers for one that is not there.
   *
   * @param units of the target, at least one
   */
  public static void execute(ScsiTask task, List<ScsiDevice<?>> units, int lun) {
    try {
      for (ScsiDevice<?> unit : units) {
        if (unit.address().lun() == lun && task.cdb().opcode() != Opcode.REPORT_LUNS) {
          unit.execute(task);
          return;
        }
      }
      answer(task, units, lun);
    } catch (ScsiFailure e) {
      task.fail(e);
    } catch (DmaFault e) {
      task.faulted(e);
    }
  }

  private static void answer(ScsiTask task, List<ScsiDevice<?>> units, int lun)
      throws ScsiFailure, DmaFault {
    Cdb cdb = task.cdb();
    switch (cdb.opcode()) {
      case Opcode.REPORT_LUNS -> { // unit 0 is always among them
        units.forEach(ScsiDevice::lunsReported);
        LongStream theirs = units.stream().mapToLong(u -> (long) u.address().level() << 48);
        reportLuns(task, LongStream.concat(LongStream.of(0), theirs));
      }
      case Opcode.INQUIRY -> inquiry(task, lun == 0 ? ABSENT : IMPOSSIBLE);
      case Opcode.REQUEST_SENSE ->
          task.answer(
              cdb.bit(1, 1) ? Sense.NO_SUCH_UNIT.descriptors() : Sense.NO_SUCH_UNIT.fixed(),
              cdb.count());
      default -> throw ScsiFailure.of(Sense.NO_SUCH_UNIT);
    }
  }

  private static void inquiry(ScsiTask task, byte kind) throws ScsiFailure, DmaFault {
    if (task.cdb().bit(1, 1)) {
      throw ScsiFailure.of(Sense.NO_SUCH_UNIT);
    }
    byte[] data = new byte[36];
    data[0] = kind;
    data[4] = (byte) (data.length - 5);
    task.answer(data, task.cdb().u16(3));
  }

  /**
   * Answers for the unit that stands for all of an adapter.
   *
   * @param luns as the eight bytes are by which the adapter knows its units
   */
  public static void reportAll(ScsiTask task, LongStream luns) {
    DiskIo.guarded(task, () -> reportLuns(task, luns));
  }

  /**
   * SPC-4, 6.33.
   *
   * @param luns as their eight bytes are
   */
  private static void reportLuns(ScsiTask task, LongStream luns) throws ScsiFailure, DmaFault {
    long wanted = task.cdb().u32(6);
    if (task.cdb().u8(2) > 2 || wanted < 2 * LUN_BYTES) {
      throw ScsiFailure.of(Sense.INVALID_FIELD);
    }
    // Of the well-known units, which alone SELECT REPORT 1 asks for, a target has none.
    long[] all = task.cdb().u8(2) == 1 ? new long[0] : luns.sorted().distinct().toArray();
    ByteBuffer data = ByteBuffer.allocate(LUN_BYTES * (all.length + 1));
    data.putInt(all.length * LUN_BYTES).putInt(0);
    for (long lun : all) {
      data.putLong(lun);
    }
    task.answer(data.array(), wanted);
  }
}
