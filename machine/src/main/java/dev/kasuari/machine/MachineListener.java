package dev.kasuari.machine;

/** Hears what becomes of a machine, on its event loop and without its lock. */
public interface MachineListener {
  /** The run state has changed. */
  default void stateChanged(RunState from, RunState to) {}

  /** The machine was reset. */
  default void wasReset(ResetCause cause) {}

  /** The machine has ended, or with {@code -no-shutdown} would have. */
  default void shutDown(Shutdown shutdown) {}
}
