package dev.kasuari.hw.scsi;

import dev.kasuari.machine.memory.DmaFault;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A command on its way: what the initiator has asked a logical unit, its buffers, and its end,
 * which comes once. A host adapter extends it. Used under the machine's lock.
 */
public abstract class ScsiTask {
  /** How the transport has fared. */
  public enum Service {
    /** The logical unit has answered. */
    COMPLETE,
    /** The command names more bytes than there is room for. */
    OVERRUN,
    /** Aborted by the initiator. */
    ABORTED,
    /** The logical unit was reset. */
    RESET,
    /** There is no such unit, or it is gone. */
    GONE,
    /** The transport cannot do this. */
    REFUSED
  }

  /** GOOD, SAM-5 5.3.1. */
  private static final int GOOD = 0;

  private static final int CHECK_CONDITION = 2;

  private final Cdb cdb;
  private final List<Runnable> atEnd = new ArrayList<>();
  private int operations;
  private @Nullable Service cancelled;
  private boolean ended;

  /** A task that begins. */
  protected ScsiTask(Cdb cdb) {
    this.cdb = cdb;
  }

  // What a host adapter implements.

  /** Bytes of room for what is answered. */
  protected abstract long inLength();

  /** Bytes that the initiator sends. */
  protected abstract long outLength();

  /** What the initiator sends. */
  protected abstract byte[] take(long offset, int length) throws DmaFault;

  /** Answers from the beginning. */
  protected abstract void give(byte[] bytes) throws DmaFault;

  /** Lends the first bytes for what is answered. */
  protected abstract Borrowed lendIn(long length) throws DmaFault;

  /** Lends what the initiator sends. */
  protected abstract Borrowed lendOut(long length) throws DmaFault;

  /** An operation of the host begins. */
  protected abstract void hostBegins();

  /** An operation of the host has ended, on any thread; {@code completion} runs on the loop. */
  protected abstract void hostEnded(Runnable completion);

  /** The initiator has named memory that is none. */
  protected abstract void faulted(DmaFault fault);

  /**
   * The end.
   *
   * @param status of the logical unit (SAM-5 5.3.1)
   * @param sense none unless the status is CHECK CONDITION
   * @param transferred bytes in either direction
   */
  protected abstract void deliver(Service service, int status, byte[] sense, long transferred);

  // What logical units use.

  /** What is to be done. */
  public final Cdb cdb() {
    return cdb;
  }

  /** True once it has ended, and nothing more can happen. */
  public final boolean ended() {
    return ended;
  }

  /** Makes sure that the initiator has room for so many bytes. */
  final void needIn(long length) throws ScsiFailure {
    if (length > inLength()) {
      throw ScsiFailure.overrun();
    }
  }

  /** Makes sure that the initiator sends so many bytes. */
  final void needOut(long length) throws ScsiFailure {
    if (length > outLength()) {
      throw ScsiFailure.overrun();
    }
  }

  /** An operation of the host begins; {@link #finish} ends it. */
  final void begin() {
    operations++;
    hostBegins();
  }

  /** An operation of the host has ended, on any thread; {@code next} is not for the cancelled. */
  final void finish(@Nullable Borrowed memory, Runnable next) {
    hostEnded(() -> {
      operations--;
      if (memory != null) {
        memory.close();
      }
      if (cancelled == null) {
        next.run();
      } else if (operations == 0) {
        end(cancelled, GOOD, new byte[0], 0);
      }
    });
  }

  /** Ends well, without an answer. */
  final void good() {
    good(0);
  }

  /** Ends well after so many bytes. */
  final void good(long transferred) {
    end(Service.COMPLETE, GOOD, new byte[0], transferred);
  }

  /** Ends well with an answer, of which the initiator wants so many bytes at the most. */
  final void answer(byte[] bytes, long wanted) throws ScsiFailure, DmaFault {
    needIn(wanted);
    int length = (int) Math.min(bytes.length, wanted);
    give(Arrays.copyOf(bytes, length));
    good(length);
  }

  /** Ends with a reason why it was not done. */
  final void check(Sense sense) {
    end(Service.COMPLETE, CHECK_CONDITION, sense.fixed(), 0);
  }

  final void fail(ScsiFailure failure) {
    Sense sense = failure.sense();
    if (sense == null) {
      end(Service.OVERRUN, GOOD, new byte[0], 0);
    } else {
      check(sense);
    }
  }

  private void end(Service service, int status, byte[] sense, long transferred) {
    if (!ended) {
      ended = true;
      deliver(service, status, sense, transferred);
      atEnd.forEach(Runnable::run);
      atEnd.clear();
    }
  }

  /**
   * Ends it without an answer, once no operation of the host is under way for it.
   *
   * @param how what the initiator hears of it
   * @param then runs when it has ended
   */
  public final void cancel(Service how, Runnable then) {
    if (ended) {
      then.run();
      return;
    }
    atEnd.add(then);
    cancelled = how;
    if (operations == 0) {
      end(how, GOOD, new byte[0], 0);
    }
  }
}
