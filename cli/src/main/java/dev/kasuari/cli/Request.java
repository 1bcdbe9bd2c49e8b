package dev.kasuari.cli;

import dev.kasuari.vm.MachineDescription;
import org.jspecify.annotations.Nullable;

/** What a command line of a system emulator asks for. */
sealed interface Request {
  /** A text about the emulator. */
  enum Topic {
    HELP,
    VERSION
  }

  /** To be told something. */
  record Print(String text) implements Request {}

  /**
   * To run a machine.
   *
   * @param paused whether to leave it standing ({@code -S})
   * @param dumpDtb the file for its devicetree, instead of running
   */
  record Run(MachineDescription description, boolean paused, @Nullable String dumpDtb)
      implements Request {}
}
