package dev.kasuari.chardev;

import dev.kasuari.machine.Shutdown;

/** What a stream asks the emulator to do. Called on any thread. */
public interface Commands {
  /** Ends the machine. */
  void end(Shutdown how);

  /** Switches to the monitor, or tells why not. */
  default String monitor() {
    return "there is no monitor yet; it comes later";
  }
}
