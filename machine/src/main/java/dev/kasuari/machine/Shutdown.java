package dev.kasuari.machine;

/**
 * The end of a machine.
 *
 * @param cause who ended it
 * @param exitCode what the process of a lone machine exits with; 0 is success
 * @param reason a sentence for people
 */
public record Shutdown(Cause cause, int exitCode, String reason) {
  /** Who ended a machine. */
  public enum Cause {
    /** The guest switched it off. */
    GUEST,
    /** The guest wanted a reset, and policy makes that the end. */
    GUEST_RESET,
    /** The guest crashed. */
    GUEST_PANIC,
    /** An operator, a signal or the embedding program. */
    HOST,
    /** A failure of the emulator. */
    FAILURE
  }
}
