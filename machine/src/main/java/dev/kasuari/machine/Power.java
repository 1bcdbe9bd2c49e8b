package dev.kasuari.machine;

/** The switches of a machine that a device may press. They act soon, not at once. */
public interface Power {
  /** Resets the machine. */
  void requestReset(ResetCause cause);

  /** Ends the machine. */
  void requestShutdown(Shutdown shutdown);

  /** Stops the machine for a reason that an operator should see. */
  void requestPause(RunState reason);
}
