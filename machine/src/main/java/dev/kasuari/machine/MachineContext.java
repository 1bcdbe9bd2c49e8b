package dev.kasuari.machine;

import java.util.concurrent.locks.ReentrantLock;

/** What the parts of a machine need of it: its lock, its log, and whom to tell of a failure. */
public interface MachineContext {
  /** Guards device state, the trees of regions, lines and the run state. */
  ReentrantLock lock();

  /** The machine's log. */
  Log log();

  /**
   * Code of a device, timer or listener threw, which is a bug of ours and never the guest's: the
   * machine stops with a report, its neighbours in the same process go on.
   *
   * @param where what was being done
   */
  void deviceFailed(String where, Throwable cause);
}
