package dev.kasuari.machine;

/** What a machine is doing, in QMP's words. */
public enum RunState {
  /** Built, never started. */
  PRELAUNCH("prelaunch", false),
  /** The guest runs. */
  RUNNING("running", true),
  /** Stopped by an operator. */
  PAUSED("paused", false),
  /** Stopped by a debugger. */
  DEBUG("debug", false),
  /** The guest has switched the machine off; it may still be looked at. */
  SHUTDOWN("shutdown", false),
  /** The guest has suspended the machine. */
  SUSPENDED("suspended", false),
  /** The guest reported a crash. */
  GUEST_PANICKED("guest-panicked", false),
  /** A watchdog fired. */
  WATCHDOG("watchdog", false),
  /** A back end failed and was told to stop the machine for it. */
  IO_ERROR("io-error", false),
  /** A failure of the emulator itself; the machine will not run again. */
  INTERNAL_ERROR("internal-error", false),
  /** Waiting for an incoming migration. */
  INMIGRATE("inmigrate", false),
  /** The last phase of an outgoing migration. */
  FINISH_MIGRATE("finish-migrate", false),
  /** After a successful outgoing migration. */
  POSTMIGRATE("postmigrate", false),
  /** Being saved. */
  SAVE_VM("save-vm", false),
  /** Being restored. */
  RESTORE_VM("restore-vm", false);

  private final String qmpName;
  private final boolean running;

  RunState(String qmpName, boolean running) {
    this.qmpName = qmpName;
    this.running = running;
  }

  /** The name in QMP. */
  public String qmpName() {
    return qmpName;
  }

  /** True if guest code is executed. */
  public boolean running() {
    return running;
  }
}
