package dev.kasuari.hw.scsi;

import dev.kasuari.hw.block.DiskErrors;
import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.machine.backend.BlockBackend.Completion;
import dev.kasuari.machine.backend.BlockBackend.Status;
import dev.kasuari.machine.memory.DmaFault;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A unit's operations on its drive, and what becomes of those that fail. */
final class DiskIo {
  /** What follows an operation. */
  interface Next {
    void go() throws ScsiFailure, DmaFault;
  }

  private final BlockBackend drive;
  private final DiskErrors errors;
  private final int blockSize;
  private final Consumer<ScsiTask> again;

  /**
   * Operations in blocks.
   *
   * @param again does a task anew that failed, when the machine runs again
   */
  DiskIo(BlockBackend drive, DiskErrors errors, int blockSize, Consumer<ScsiTask> again) {
    this.drive = drive;
    this.errors = errors;
    this.blockSize = blockSize;
    this.again = again;
  }

  long blocks() {
    return drive.size() / blockSize;
  }

  boolean readOnly() {
    return drive.readOnly();
  }

  void forget() {
    errors.forget();
  }

  /** Makes sure that blocks are on the disk. */
  void checkRange(long first, long count) throws ScsiFailure {
    long all = blocks();
    if (first < 0 || first > all || count > all - first) {
      throw ScsiFailure.of(Sense.LBA_OUT_OF_RANGE);
    }
  }

  void checkWritable() throws ScsiFailure {
    if (drive.readOnly()) {
      throw ScsiFailure.of(Sense.WRITE_PROTECTED);
    }
  }

  /** Blocks into the initiator's memory; then the end. */
  void read(ScsiTask task, long first, long count) throws ScsiFailure, DmaFault {
    checkRange(first, count);
    long bytes = count * blockSize;
    task.needIn(bytes);
    if (bytes == 0) {
      task.good();
      return;
    }
    Borrowed memory = task.lendIn(bytes);
    operate(
        task,
        false,
        memory,
        done -> drive.read(first * blockSize, memory.segments(), done),
        () -> task.good(bytes));
  }

  /** Blocks from the initiator's memory; then the end. */
  void write(ScsiTask task, long first, long count, boolean through) throws ScsiFailure, DmaFault {
    checkWritable();
    checkRange(first, count);
    long bytes = count * blockSize;
    task.needOut(bytes);
    if (bytes == 0) {
      task.good();
      return;
    }
    Borrowed memory = task.lendOut(bytes);
    operate(
        task,
        true,
        memory,
        done -> drive.write(first * blockSize, memory.segments(), through, done),
        () -> task.good(bytes));
  }

  /** Brings all to the medium; then the end. */
  void flush(ScsiTask task) {
    operate(task, true, null, drive::flush, task::good);
  }

  void zero(ScsiTask task, long first, long count, boolean unmap, Next next) {
    operate(
        task,
        true,
        null,
        done -> drive.writeZeroes(first * blockSize, count * blockSize, unmap, done),
        next);
  }

  /** Bytes that stay although nobody needs them do no harm. */
  void discard(ScsiTask task, long first, long count, Next next) {
    operate(
        task,
        true,
        null,
        done ->
            drive.discard(
                first * blockSize,
                count * blockSize,
                status -> done.done(status == Status.NOT_SUPPORTED ? Status.OK : status)),
        next);
  }

  /** Begins an operation; it ends the task, or what follows does. */
  void operate(
      ScsiTask task,
      boolean write,
      @Nullable Borrowed memory,
      Consumer<Completion> start,
      Next next) {
    task.begin();
    start.accept(status -> task.finish(memory, () -> ended(task, write, status, next)));
  }

  private void ended(ScsiTask task, boolean write, Status status, Next next) {
    if (task.ended()) {
      return;
    }
    BlockBackend.ErrorAction action =
        status == Status.OK ? BlockBackend.ErrorAction.IGNORE : errors.action(write, status);
    switch (action) {
      case IGNORE -> guarded(task, next);
      case REPORT -> task.check(sense(status));
      case STOP ->
          errors.keep(
              write,
              status,
              () -> {
                if (!task.ended()) {
                  again.accept(task);
                }
              });
    }
  }

  static void guarded(ScsiTask task, Next next) {
    try {
      next.go();
    } catch (ScsiFailure e) {
      task.fail(e);
    } catch (DmaFault e) {
      task.faulted(e);
    }
  }

  private static Sense sense(Status status) {
    return switch (status) {
      case NO_SPACE -> Sense.NO_SPACE;
      case READ_ONLY -> Sense.WRITE_PROTECTED;
      case OUT_OF_RANGE -> Sense.LBA_OUT_OF_RANGE;
      case NO_MEDIUM -> Sense.NO_MEDIUM;
      case NOT_SUPPORTED -> Sense.INVALID_FIELD;
      default -> Sense.IO_PROCESS_TERMINATED;
    };
  }
}
